//! The HTTP client of a system, which can be pulled out: the application lives as long as the process, but a system that
//! was stopped must let go of its data folder.

use std::sync::{Arc, PoisonError, RwLock};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};

use crate::engine::Engines;

/// Leads to the engines for as long as they run. Clones are pulled together.
#[derive(Clone, Debug)]
pub(crate) struct Plug(Arc<RwLock<Option<Engines>>>);

impl Plug {
    pub(crate) fn new(engines: Engines) -> Self {
        Self(Arc::new(RwLock::new(Some(engines))))
    }

    /// The engines, unless they were pulled out.
    pub(crate) fn engines(&self) -> Option<Engines> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client for SDK configurations.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Every call from now on fails as if nobody was there.
    pub(crate) fn pull(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl HttpConnector for Plug {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Some(engines) => engines.connector().call(request),
            None => HttpConnectorFuture::ready(Err(ConnectorError::user("the system was stopped".into()))),
        }
    }
}

impl HttpClient for Plug {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
