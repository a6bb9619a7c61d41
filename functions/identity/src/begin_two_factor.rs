//! `POST /api/auth/2fa`: makes a secret for an authenticator. It counts for nothing before it is confirmed.

use app::{App, Auth, Caller, Code, Endpoint, Error, Grant, Method, Nothing, Operation, Route};
use fast_qr::{
    ECL, QRBuilder,
    convert::{Builder as _, svg::SvgBuilder},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::{second_factor, totp::SharedSecret};

/// The operation.
pub static OPERATION: Operation = Operation::of::<BeginTwoFactor>();

/// Light modules around the code; the standard (ISO/IEC 18004) asks for four.
const QUIET: usize = 4;

/// The authenticator is the caller's.
#[derive(Deserialize, JsonSchema)]
struct BeginTwoFactor {}

/// What an authenticator has to be told. Shown once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Enrolment {
    /// In base32, to be typed.
    secret: String,
    /// The same with everything around it.
    otpauth_url: String,
    /// The same as a QR code, to be shown on a page.
    qr_svg: String,
}

impl Endpoint for BeginTwoFactor {
    const ROUTE: Route = Route {
        name: "begin-two-factor",
        method: Method::Post,
        path: "/api/auth/2fa",
        auth: Auth::Customer,
        grants: &[
            Grant::read(Table::Catalogue),
            Grant::read(Table::Identity),
            Grant::write(Table::Identity),
            Grant::open_keys(),
        ],
        summary: "Make a secret for an authenticator, to be confirmed by its first code",
        errors: &[Code::NotFound, Code::WrongState],
        ..Route::DEFAULT
    };
    type Path = Nothing;
    type Output = Enrolment;

    async fn handle(self, _: Nothing, caller: Caller, app: &'static App) -> Result<Enrolment, Error> {
        let tenant = app.store.tenant(caller.tenant()?);
        let user = tenant.identity().user(caller.user()?).await?.ok_or(Code::NotFound)?;
        let settings = tenant.catalogue().settings_cached(app.now()).await?.ok_or(Code::NotFound)?;

        let secret = SharedSecret::new(app.random()?);
        let sealed = second_factor::seal(app, tenant.id(), user.id, &secret)?;
        if !tenant.identity().begin_second_factor(user.id, &sealed).await? {
            return Err(Code::WrongState.into());
        }
        let account = user.names().next().unwrap_or_default().to_owned();
        enrolment(&secret, &settings.name, &account)
    }
}

fn enrolment(secret: &SharedSecret, issuer: &str, account: &str) -> Result<Enrolment, Error> {
    let otpauth_url = secret.url(issuer, account);
    let code = QRBuilder::new(otpauth_url.as_str()).ecl(ECL::M).build().map_err(Error::internal)?;
    let qr_svg = SvgBuilder::default().margin(QUIET).to_str(&code);
    Ok(Enrolment { secret: secret.base32(), otpauth_url, qr_svg })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_names_still_fit_into_a_picture() {
        let enrolment = enrolment(&SharedSecret::new([7; 20]), &"票".repeat(64), &"a".repeat(254)).unwrap();
        assert!(enrolment.qr_svg.contains("<svg") && enrolment.otpauth_url.contains(&enrolment.secret));
    }
}
