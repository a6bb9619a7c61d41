//! Ports.

use std::net::{IpAddr, SocketAddr};

use axum::{Router, serve::ListenerExt as _};
use tokio::net::TcpListener;

use super::StartError;

/// A port that is ours, and the address under which this machine reaches it.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) url: String,
    socket: TcpListener,
}

pub(super) async fn bind(ip: IpAddr, port: u16) -> Result<Listener, StartError> {
    let address = SocketAddr::new(ip, port);
    let failed = |source| StartError::Listen { address, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    Ok(Listener { url: format!("http://{}", reachable(bound)), socket })
}

/// Answers until the system stops, and what was asked until then.
pub(super) async fn serve(listener: Listener, router: Router, stopped: impl Future<Output = ()> + Send + 'static) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    // Answers are small: waiting to fill a packet would only delay them. Refusing to is no reason not to answer.
    let socket = listener.socket.tap_io(|stream| drop(stream.set_nodelay(true)));
    if let Err(error) = axum::serve(socket, service).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, url = listener.url, "cannot listen any more");
    }
}

/// Nobody can connect to "all addresses".
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new([127, 0, 0, 1].into(), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new([0, 0, 0, 0, 0, 0, 0, 1_u16].into(), address.port()),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_reached_by_the_loopback() {
        for (bound, reached) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("192.0.2.1:80", "192.0.2.1:80")]
        {
            assert_eq!(reachable(bound.parse().unwrap()).to_string(), reached);
        }
    }
}
