//! Text messages by Amazon SNS: `Publish` to a telephone number
//! (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).

use domain::Timestamp;

use super::{Delivered, Message, Notifier, TIMEOUT, delivered};
use crate::{
    Failed,
    http::Web,
    signed::{Call, Signer},
};

/// Sends text messages.
#[derive(Clone, Debug)]
pub struct Sns {
    /// Whom to ask.
    pub web: Web,
    /// Who asks.
    pub signer: Signer,
    /// The name that messages come from, where the country allows one.
    pub sender: Option<String>,
    /// Another endpoint than Amazon's.
    pub endpoint: Option<String>,
}

impl Notifier for Sns {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<Delivered, Failed> {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| self.signer.endpoint("sns"));
        let url = [endpoint.trim_end_matches('/'), "/"].concat();
        let body = form(&self.fields(message));
        let headers = &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let call = Call { service: "sns", url: &url, headers, body: body.as_bytes(), timeout: TIMEOUT };
        let sent = self.signer.post(&self.web, call, now).await?;
        delivered("sns:Publish", sent.status)
    }
}

impl Sns {
    fn fields<'m>(&'m self, message: &'m Message) -> Vec<(String, &'m str)> {
        let attributes = [
            // Codes are worth more than advertising: SNS takes the dearer, surer way.
            Some(("AWS.SNS.SMS.SMSType", "Transactional")),
            self.sender.as_deref().map(|sender| ("AWS.SNS.SMS.SenderID", sender)),
        ];
        let mut fields = vec![
            ("Action".to_owned(), "Publish"),
            ("Version".to_owned(), "2010-03-31"),
            ("PhoneNumber".to_owned(), message.to.address()),
            ("Message".to_owned(), message.text.as_str()),
        ];
        for (place, (name, value)) in attributes.into_iter().flatten().enumerate() {
            let entry = format!("MessageAttributes.entry.{}", place + 1);
            fields.push((format!("{entry}.Name"), name));
            fields.push((format!("{entry}.Value.DataType"), "String"));
            fields.push((format!("{entry}.Value.StringValue"), value));
        }
        fields
    }
}

/// Fields as a form writes them; everything but letters, digits and `-_.` by its bytes.
fn form(fields: &[(String, &str)]) -> String {
    let written = fields.iter().map(|(name, value)| [escape(name), escape(value)].join("="));
    written.collect::<Vec<_>>().join("&")
}

fn escape(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{notify::Recipient, testing::Once};

    #[tokio::test]
    async fn a_text_message_is_one_signed_call() {
        let service = Once::answering("<PublishResponse/>");
        let sns = Sns {
            web: Web::default(),
            signer: Signer::new("eu-central-1", "AKID", "secret", None),
            sender: Some("Onsale".to_owned()),
            endpoint: Some(service.url.clone()),
        };
        let to = Recipient::Phone("+8613800138000".to_owned());
        let message = Message { to, subject: String::new(), text: "码 1&2".to_owned() };
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        assert_eq!(sns.send(&message, now).await.unwrap(), Delivered::Taken);
        let (head, body) = service.request();
        assert!(head.starts_with("POST / HTTP/1.1") && head.contains("/eu-central-1/sns/aws4_request"), "{head}");
        let told = "Action=Publish&Version=2010-03-31&PhoneNumber=%2B8613800138000&Message=%E7%A0%81%201%262&";
        assert!(body.starts_with(told), "{body}");
        assert!(body.ends_with("entry.2.Name=AWS.SNS.SMS.SenderID&MessageAttributes.entry.2.Value.DataType=String&MessageAttributes.entry.2.Value.StringValue=Onsale"), "{body}");
    }
}
