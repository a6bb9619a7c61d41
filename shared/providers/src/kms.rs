//! KMS: makes data keys that only it can unwrap, and unwraps them.
//!
//! Two operations of its JSON protocol (<https://docs.aws.amazon.com/kms/latest/APIReference/>). The encryption context
//! goes into the ciphertext as associated data and into the log of every use: a wrapped key of one tenant cannot be
//! unwrapped as another's.

use std::time::Duration;

use data_encoding::BASE64;
use domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Failed,
    http::Web,
    is_throttling,
    signed::{Call, Signer},
};

/// How often a call is made again when nobody answers or the service is busy.
const TRIES: u8 = 3;
/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// One key of KMS.
#[derive(Debug)]
pub struct Kms {
    web: Web,
    signer: Signer,
    url: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Made {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Opened {
    plaintext: String,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(default, alias = "Message")]
    message: String,
}

impl Kms {
    /// The key of this id, ARN or alias; at `url` where it is not Amazon's.
    pub fn new(web: Web, signer: Signer, url: Option<String>, key: String) -> Self {
        let url = url.unwrap_or_else(|| [&signer.endpoint("kms"), "/"].concat());
        Self { web, signer, url, key }
    }

    /// Makes 32 random bytes; answers them wrapped.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub async fn make(&self, context: &[(&str, &str)], now: Timestamp) -> Result<Vec<u8>, Failed> {
        const ACTION: &str = "kms:GenerateDataKeyWithoutPlaintext";
        let body = json!({"KeyId": self.key, "KeySpec": "AES_256", "EncryptionContext": object(context)});
        let made: Made = self.call(ACTION, &body, now).await?;
        BASE64.decode(made.ciphertext_blob.as_bytes()).map_err(|error| Failed::new(ACTION, error))
    }

    /// Unwraps what [`Kms::make`] made in the same context.
    ///
    /// # Errors
    /// As [`Kms::make`].
    pub async fn open(&self, wrapped: &[u8], context: &[(&str, &str)], now: Timestamp) -> Result<[u8; 32], Failed> {
        const ACTION: &str = "kms:Decrypt";
        let blob = BASE64.encode(wrapped);
        let body = json!({"KeyId": self.key, "CiphertextBlob": blob, "EncryptionContext": object(context)});
        let opened: Opened = self.call(ACTION, &body, now).await?;
        let plain = BASE64.decode(opened.plaintext.as_bytes()).map_err(|error| Failed::new(ACTION, error))?;
        plain.try_into().map_err(|_| Failed::new(ACTION, "a data key has 32 bytes"))
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        action: &'static str,
        body: &Value,
        now: Timestamp,
    ) -> Result<T, Failed> {
        let target = ["TrentService.", action.trim_start_matches("kms:")].concat();
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let bytes = serde_json::to_vec(body).map_err(|error| Failed::new(action, error))?;
        let call = Call { service: "kms", url: &self.url, headers: &headers, body: &bytes, timeout: TIMEOUT };
        let mut failed = Failed::new(action, "was not called");
        for _ in 0..TRIES {
            let answer = match self.signer.post(&self.web, call, now).await {
                Ok(answer) => answer,
                Err(error) => {
                    failed = Failed::new(action, error).busy();
                    continue;
                }
            };
            if answer.status == 200 {
                return serde_json::from_slice(&answer.body).map_err(|error| Failed::new(action, error));
            }
            let (again, refused) = refusal(action, answer.status, &answer.body);
            if !again {
                return Err(refused);
            }
            failed = refused;
        }
        Err(failed)
    }
}

/// Whether trying again helps, and what to say if it does not.
fn refusal(action: &'static str, status: u16, body: &[u8]) -> (bool, Failed) {
    let Refused { kind, message } =
        serde_json::from_slice(body).unwrap_or(Refused { kind: String::new(), message: String::new() });
    let kind = kind.rsplit('#').next().unwrap_or_default();
    let failed = Failed::new(action, format!("{status} {kind}: {message}"));
    let again = status >= 500 || is_throttling(kind);
    (again, if again { failed.busy() } else { failed })
}

fn object(context: &[(&str, &str)]) -> Value {
    context.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::{self, JoinHandle},
    };

    use super::*;

    /// Answers one request after the other; tells what they were.
    fn serve(answers: Vec<(u16, String)>) -> (Kms, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let served = thread::spawn(move || answers.iter().map(|answer| exchange(&listener, answer)).collect());
        let signer = Signer::new("eu-central-1", "AKID", "secret", Some("session"));
        (Kms::new(Web::default(), signer, Some(url), "alias/onsale".into()), served)
    }

    fn exchange(listener: &TcpListener, (status, body): &(u16, String)) -> String {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut request, mut buffer) = (Vec::new(), [0; 4_096]);
        while !request.ends_with(b"}") {
            let count = stream.read(&mut buffer).unwrap();
            request.extend_from_slice(&buffer[..count]);
        }
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).unwrap();
        String::from_utf8(request).unwrap().to_lowercase()
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_767_225_600).unwrap()
    }

    #[tokio::test]
    async fn a_call_is_signed_and_names_its_context() {
        let key = BASE64.encode(&[7; 32]);
        let answers = vec![
            (200, json!({"CiphertextBlob": BASE64.encode(b"wrapped")}).to_string()),
            (200, json!({"Plaintext": key}).to_string()),
        ];
        let (kms, served) = serve(answers);
        assert_eq!(kms.make(&[("tenant", "demo")], now()).await.unwrap(), b"wrapped");
        assert_eq!(kms.open(b"wrapped", &[("tenant", "demo")], now()).await.unwrap(), [7; 32]);
        let requests = served.join().unwrap();
        for (request, operation) in requests.iter().zip(["generatedatakeywithoutplaintext", "decrypt"]) {
            assert!(request.contains(&format!("x-amz-target: trentservice.{operation}\r\n")), "{request}");
            assert!(request.contains("credential=akid/20260101/eu-central-1/kms/aws4_request"), "{request}");
            assert!(request.contains("signedheaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target"));
            assert!(request.contains(r#""encryptioncontext":{"tenant":"demo"}"#), "{request}");
            assert!(!request.contains("secret"), "{request}");
        }
    }

    #[tokio::test]
    async fn what_is_busy_is_asked_again_and_what_refuses_is_not() {
        let busy = (400, r#"{"__type":"ThrottlingException","message":"slow"}"#.to_owned());
        let made = (200, json!({"CiphertextBlob": ""}).to_string());
        let (kms, served) = serve(vec![busy.clone(), (500, "{}".into()), made]);
        assert_eq!(kms.make(&[], now()).await.unwrap(), b"");
        assert_eq!(served.join().unwrap().len(), 3);
        let (kms, _) = serve(vec![busy.clone(), busy.clone(), busy]);
        assert!(kms.make(&[], now()).await.unwrap_err().is_throttled());
        let (kms, served) = serve(vec![(400, r#"{"__type":"com.amazon#AccessDeniedException"}"#.into())]);
        assert!(!kms.open(b"a", &[], now()).await.unwrap_err().is_throttled());
        assert_eq!(served.join().unwrap().len(), 1);
    }

    #[test]
    fn regions_of_china_have_a_suffix_of_their_own() {
        let kms = |region| Kms::new(Web::default(), Signer::new(region, "a", "b", None), None, "key".into());
        assert_eq!(kms("eu-central-1").url, "https://kms.eu-central-1.amazonaws.com/");
        assert_eq!(kms("cn-north-1").url, "https://kms.cn-north-1.amazonaws.com.cn/");
    }
}
