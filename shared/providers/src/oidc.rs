//! Logging in at an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).
//!
//! Calls go to the configured issuer, and to what its discovery document names as its endpoints, and nowhere else.
//! Redirects are not followed. Nothing of what a provider answers is shown to whoever logs in.

mod address;
mod id_token;
mod issuers;
mod jwks;

use std::{fmt, time::Duration};

use data_encoding::BASE64;
use domain::Timestamp;
use serde::Deserialize;

pub use self::{
    address::{Reach, check},
    issuers::Issuers,
};
use self::{
    id_token::{Expected, IdToken},
    issuers::Discovery,
};
use crate::{
    Failed,
    http::{Answer, Web},
};

/// How long each call may take. Three in a row end before the function does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// What the provider says is not believed, or the provider refuses. Why is for the log.
    #[error("{0}")]
    Refused(&'static str),
    /// The provider does not answer as it should. Trying again may help.
    #[error(transparent)]
    Failed(#[from] Failed),
}

impl Trouble {
    fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(Failed::new("oidc", cause))
    }
}

/// What a tenant is to an issuer.
#[derive(Clone)]
pub struct Client {
    /// The issuer, exactly as it names itself.
    pub issuer: String,
    /// The client's id.
    pub id: String,
    /// The client's secret.
    pub secret: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("issuer", &self.issuer).field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a login is begun with.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Where the issuer sends the browser back to.
    pub redirect_uri: &'a str,
    /// What is asked for, separated by blanks; `openid` is among it.
    pub scopes: &'a str,
    /// What comes back with the code.
    pub state: &'a str,
    /// What has to stand in the ID token.
    pub nonce: &'a str,
    /// S256 of the verifier (RFC 7636, 4.2).
    pub challenge: &'a str,
}

/// What a login is ended with.
#[derive(Clone, Copy)]
pub struct Grant<'a> {
    /// The code.
    pub code: &'a str,
    /// The address that the code was sent to.
    pub redirect_uri: &'a str,
    /// The verifier of PKCE.
    pub verifier: &'a str,
    /// What has to stand in the ID token.
    pub nonce: &'a str,
}

impl fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// Whom an ID token names.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The issuer's own name for them, which never changes and is never given to another.
    pub subject: String,
    /// Their e-mail address, where the issuer says that it has verified it.
    pub email: Option<String>,
    /// How they are called.
    pub name: Option<String>,
    /// Address of their picture.
    pub picture: Option<String>,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(…)")
    }
}

/// The ways to the providers.
#[derive(Clone, Copy, Debug)]
pub struct Oidc<'a> {
    /// The client of the web.
    pub web: &'a Web,
    /// What is known of issuers.
    pub issuers: &'a Issuers,
    /// How far calls may go.
    pub reach: Reach,
}

/// What the token endpoint answers (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

impl Oidc<'_> {
    /// Whether the issuer is one: its discovery document can be read, and says who it is.
    ///
    /// # Errors
    /// When it is not, or does not answer.
    pub async fn probe(&self, issuer: &str, now: Timestamp) -> Result<(), Trouble> {
        self.issuers.discover(self, issuer, now).await.map(drop)
    }

    /// Where the browser has to go to log in.
    ///
    /// # Errors
    /// When the issuer does not answer, or not as one.
    pub async fn authorization_url(&self, client: &Client, ask: Ask<'_>, now: Timestamp) -> Result<String, Trouble> {
        let discovery = self.issuers.discover(self, &client.issuer, now).await?;
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", ask.redirect_uri),
            ("scope", ask.scopes),
            ("state", ask.state),
            ("nonce", ask.nonce),
            ("code_challenge", ask.challenge),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = &discovery.authorization_endpoint;
        let sign = if endpoint.contains('?') { "&" } else { "?" };
        Ok([endpoint, sign, &query].concat())
    }

    /// Redeems a code, and believes what the ID token says or does not.
    ///
    /// # Errors
    /// When the issuer refuses the code or does not answer, or its token is not to be believed.
    pub async fn redeem(&self, client: &Client, grant: Grant<'_>, now: Timestamp) -> Result<Claims, Trouble> {
        let discovery = self.issuers.discover(self, &client.issuer, now).await?;
        let answer = self.exchange(&discovery, client, grant).await?;
        match answer.status {
            200 => {}
            400 | 401 | 403 => return Err(Trouble::Refused("the issuer does not take the code")),
            status => return Err(Trouble::failed(format!("the token endpoint answered {status}"))),
        }
        let tokens: Tokens = serde_json::from_slice(&answer.body)
            .map_err(|_| Trouble::Refused("the token endpoint's answer has no ID token"))?;
        let token = IdToken::read(&tokens.id_token, &discovery.algorithms)?;
        let key = self.issuers.key(self, &client.issuer, &discovery, &token, now).await?;
        let expected = Expected {
            issuer: &client.issuer,
            client: &client.id,
            nonce: grant.nonce,
            access_token: tokens.access_token.as_deref(),
        };
        token.verify(&key, &expected, now)
    }

    async fn exchange(&self, discovery: &Discovery, client: &Client, grant: Grant<'_>) -> Result<Answer, Trouble> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", grant.code),
            ("redirect_uri", grant.redirect_uri),
            ("code_verifier", grant.verifier),
        ];
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
        // RFC 6749, 2.3.1: both halves are encoded as in forms before they are joined.
        let pair = [encode(&client.id), ":".to_owned(), encode(&client.secret)].concat();
        let basic = ["Basic ", &BASE64.encode(pair.as_bytes())].concat();
        if discovery.basic {
            headers.push(("authorization", &basic));
        } else {
            fields.extend([("client_id", client.id.as_str()), ("client_secret", client.secret.as_str())]);
        }
        Ok(self.web.post(&discovery.token_endpoint, &headers, form(&fields), PATIENCE).await?)
    }
}

/// Fields as in forms and queries.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| [&encode(name), "=", &encode(value)].concat()).collect();
    pairs.join("&")
}

/// Percent-encodes all but the unreserved characters (RFC 3986, 2.3).
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_keep_their_fields_apart() {
        assert_eq!(form(&[("a", "1 &=+/é"), ("b", "x-._~")]), "a=1%20%26%3D%2B%2F%C3%A9&b=x-._~");
    }

    #[test]
    fn secrets_and_people_do_not_print() {
        let client = Client { issuer: "i".into(), id: "c".into(), secret: "hush".into() };
        let grant = Grant { code: "hush", redirect_uri: "r", verifier: "hush", nonce: "hush" };
        let claims = Claims { subject: "hush".into(), email: None, name: None, picture: None };
        assert!(!format!("{client:?} {grant:?} {claims:?}").contains("hush"));
    }
}
