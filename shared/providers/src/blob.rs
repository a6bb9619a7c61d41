//! Files: the bucket of tickets' images.

use std::time::Duration;

use aws_sdk_s3::{Client, error::SdkError, presigning::PresigningConfig, primitives::ByteStream};

use crate::Failed;

/// The bucket of one stage.
#[derive(Clone, Debug)]
pub struct Files {
    client: Client,
    /// Signs links: its endpoint is the one that browsers reach.
    public: Client,
    bucket: String,
}

impl Files {
    /// A bucket. `public` signs links and may have another endpoint than `client`.
    pub fn new(client: Client, public: Client, bucket: String) -> Self {
        Self { client, public, bucket }
    }

    /// Writes a file, in place of the one before.
    ///
    /// # Errors
    /// When the service did not take it.
    pub async fn put(&self, key: &str, kind: &str, disposition: &str, bytes: Vec<u8>) -> Result<(), Failed> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(kind)
            .content_disposition(disposition)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map(drop)
            .map_err(|error| Failed::call("s3:PutObject", error))
    }

    /// Makes a link that anybody can use for `seconds` (at most a week) and that saves as `file_name`. Links are signed
    /// by the system's clock, because the service that checks them knows no other.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn link(&self, key: &str, seconds: u32, file_name: &str) -> Result<String, Failed> {
        const LINK: &str = "s3:GetObject";
        let lifetime = PresigningConfig::expires_in(Duration::from_secs(u64::from(seconds)))
            .map_err(|error| Failed::new(LINK, error))?;
        self.public
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition(inline(file_name))
            .presigned(lifetime)
            .await
            .map(|link| link.uri().to_owned())
            .map_err(|error| Failed::call(LINK, error))
    }

    /// Tells whether a file is there. Who may not list the bucket is told 403 of a missing file, which counts as absence:
    /// what follows is a `put`, and that complains where permission is really missing.
    ///
    /// # Errors
    /// When the service does not say.
    pub async fn exists(&self, key: &str) -> Result<bool, Failed> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(refused)) if matches!(refused.raw().status().as_u16(), 403 | 404) => Ok(false),
            Err(error) => Err(Failed::call("s3:GetObject", error)),
        }
    }
}

/// A `Content-Disposition` that shows a file and names it where it is saved. Quotes and controls would end the name early.
pub fn inline(file_name: &str) -> String {
    let safe: String = file_name.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
    ["inline; filename=\"", &safe, "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::inline;

    #[test]
    fn a_file_name_cannot_break_out_of_its_quotes() {
        assert_eq!(inline("tkt_1.png"), "inline; filename=\"tkt_1.png\"");
        assert_eq!(inline("a\"; x=\\\r\ny"), "inline; filename=\"a;x=y\"");
    }
}
