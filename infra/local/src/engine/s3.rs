//! S3 on a local folder: `s3s-fs`, with signatures and their expiry really checked.
//!
//! Buckets are addressed in the path (`http://host/bucket/key`), never in the host name.

use std::sync::Arc;

use http::header::{HOST, HeaderValue};
use http::{Request, Response, StatusCode};
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};

use super::{ACCESS_KEY_ID, EngineError, Holding, SECRET_ACCESS_KEY};

/// The embedded S3. Clones share it.
#[derive(Clone, Debug)]
pub struct S3 {
    service: S3Service,
    _holding: Arc<Holding>,
}

impl S3 {
    pub(super) fn open(holding: &Arc<Holding>) -> Result<Self, EngineError> {
        let folder = holding.join("s3");
        std::fs::create_dir_all(&folder).map_err(|source| EngineError::Folder { folder: folder.clone(), source })?;
        let files = s3s_fs::FileSystem::new(&folder).map_err(|error| EngineError::S3(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        Ok(Self { service: builder.build(), _holding: Arc::clone(holding) })
    }

    /// Answers one HTTP request, from a socket or from an SDK client in this process.
    ///
    /// Refuses requests that are not signed with the local key, as Amazon does.
    pub async fn call(&self, mut request: Request<Body>) -> Response<Body> {
        // The signature covers the host, which a request that never saw a socket has only in
        // its address.
        if !request.headers().contains_key(HOST)
            && let Some(authority) = request.uri().authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            request.headers_mut().insert(HOST, host);
        }
        let answered = self.service.call(request).await;
        if answered.as_ref().map_or(true, |answer| answer.status() == StatusCode::INTERNAL_SERVER_ERROR) {
            tracing::error!(error = ?answered.as_ref().err(), "the embedded S3 failed");
        }
        answered.unwrap_or_else(|_| {
            let mut failed = Response::new(Body::empty());
            *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            failed
        })
    }
}

#[cfg(test)]
mod tests;
