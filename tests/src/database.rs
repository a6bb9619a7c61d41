//! The database of tests that need nothing of the program but the store: the embedded engine, or the one whose address
//! stands in `ONSALE_TEST_DYNAMODB`. Each test has tables of its own, made by the code that makes the program's.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{Credentials, Region, SharedHttpClient},
};
use domain::Timestamp;
use onsale::engine::{Data, ENDPOINT, Engines, REGION};
use store::{Failed, KeyName, KeyUse, KeyWrap, Store, Tenant, Wrapping};

/// The address of another DynamoDB, where tests shall use one.
#[expect(clippy::disallowed_methods, reason = "no configuration of the product, but of its tests")]
pub(crate) fn elsewhere() -> Option<String> {
    std::env::var("ONSALE_TEST_DYNAMODB").ok().filter(|url| !url.is_empty())
}

/// Whose tables they are. DynamoDB Local takes letters and digits only, and any secret.
pub(crate) const ACCESS_KEY: &str = "onsale";

/// A beginning of table names that nobody else uses.
pub(crate) fn fresh_prefix() -> String {
    format!("t{:016x}-", fastrand::u64(..))
}

/// A client of a DynamoDB behind an address.
pub(crate) fn client(url: &str, http: SharedHttpClient) -> Client {
    let config = Config::builder()
        .behavior_version_latest()
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY, "none", None, None, "tests"))
        .endpoint_url(url)
        .http_client(http);
    Client::from_conf(config.build())
}

/// A client that opens sockets.
pub(crate) fn far(url: &str) -> Client {
    client(url, aws_smithy_http_client::Builder::new().build_http())
}

/// Data keys that are not wrapped at all: these tests are about blocks and orders.
#[derive(Debug)]
struct Unwrapped;

impl KeyWrap for Unwrapped {
    fn make<'a>(&'a self, _: KeyName<'a>) -> Wrapping<'a, Vec<u8>> {
        Box::pin(async { Ok(vec![7; 32]) })
    }

    fn unwrap<'a>(&'a self, _: KeyName<'a>, wrapped: &'a [u8]) -> Wrapping<'a, [u8; 32]> {
        Box::pin(async { Ok(wrapped.try_into().unwrap()) })
    }

    fn permit(&self, _: KeyUse) -> Result<(), Failed> {
        Ok(())
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// A store with its tables, as long as the test lasts.
pub(crate) struct Database {
    store: Store,
    engines: Option<Engines>,
}

impl Database {
    pub(crate) async fn open() -> Self {
        let (client, engines) = if let Some(url) = elsewhere() {
            (far(&url), None)
        } else {
            let engines = Engines::open(&Data::Memory).unwrap();
            (client(ENDPOINT, engines.http_client()), Some(engines))
        };
        let prefix = fresh_prefix();
        onsale::make_tables(&client, &prefix).await.unwrap();
        let store = Store::new(client, &prefix, Arc::new(Unwrapped));
        store.tenant(&"demo".parse().unwrap()).make_first_key().await.unwrap();
        Self { store, engines }
    }

    /// The embedded engine, where it is the database.
    pub(crate) const fn engines(&self) -> Option<&Engines> {
        self.engines.as_ref()
    }

    pub(crate) fn tenant(&self) -> Tenant {
        self.store.tenant(&"demo".parse().unwrap())
    }
}
