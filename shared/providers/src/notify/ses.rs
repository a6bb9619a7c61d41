//! E-mail by Amazon SES: `SendEmail` of its API version 2
//! (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>).

use domain::Timestamp;
use serde_json::{Value, json};

use super::{Delivered, Message, Notifier, TIMEOUT, delivered};
use crate::{
    Failed,
    http::Web,
    signed::{Call, Signer},
};

/// Sends e-mail.
#[derive(Clone, Debug)]
pub struct Ses {
    /// Whom to ask.
    pub web: Web,
    /// Who asks.
    pub signer: Signer,
    /// The address that mail comes from; SES must know it as ours.
    pub from: String,
    /// Another endpoint than Amazon's.
    pub endpoint: Option<String>,
}

impl Notifier for Ses {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<Delivered, Failed> {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| self.signer.endpoint("email"));
        let url = [endpoint.trim_end_matches('/'), "/v2/email/outbound-emails"].concat();
        let body = body(&self.from, message).to_string();
        let headers = &[("content-type", "application/json")];
        let call = Call { service: "ses", url: &url, headers, body: body.as_bytes(), timeout: TIMEOUT };
        let sent = self.signer.post(&self.web, call, now).await?;
        delivered("ses:SendEmail", sent.status)
    }
}

fn body(from: &str, message: &Message) -> Value {
    let text = |data: &str| json!({"Data": data, "Charset": "UTF-8"});
    json!({
        "FromEmailAddress": from,
        "Destination": {"ToAddresses": [message.to.address()]},
        "Content": {"Simple": {"Subject": text(&message.subject), "Body": {"Text": text(&message.text)}}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{notify::Recipient, testing::Once};

    #[tokio::test]
    async fn an_e_mail_is_one_signed_call() {
        let service = Once::answering("{\"MessageId\":\"1\"}");
        let ses = Ses {
            web: Web::default(),
            signer: Signer::new("eu-central-1", "AKID", "secret", None),
            from: "tickets@demo.test".to_owned(),
            endpoint: Some(service.url.clone()),
        };
        let to = Recipient::Email("ana@demo.test".to_owned());
        let message = Message { to, subject: "验证码".to_owned(), text: "123456".to_owned() };
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        assert_eq!(ses.send(&message, now).await.unwrap(), Delivered::Taken);
        let (head, body) = service.request();
        assert!(head.starts_with("POST /v2/email/outbound-emails HTTP/1.1"), "{head}");
        assert!(head.contains("Credential=AKID/20260101/eu-central-1/ses/aws4_request"), "{head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["Destination"]["ToAddresses"], json!(["ana@demo.test"]));
        assert_eq!(body["Content"]["Simple"]["Subject"]["Data"], "验证码");
        assert_eq!(body["FromEmailAddress"], "tickets@demo.test");
    }
}
