//! Objects, and presigned addresses over a real socket.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::engine::testing::{memory, s3};
use crate::engine::{Data, ENDPOINT, Engines};

#[tokio::test]
async fn an_object_is_kept_with_its_headers_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::Folder(folder.path().to_owned());
    {
        let engines = Engines::open(&data).unwrap();
        let client = s3(&engines, ENDPOINT);
        client.create_bucket().bucket("tickets").send().await.unwrap();
        let put = client.put_object().bucket("tickets").key("a/b c.pdf");
        let put = put.content_type("application/pdf").body(b"ticket".to_vec().into());
        put.send().await.unwrap();
    }
    let engines = Engines::open(&data).unwrap();
    let client = s3(&engines, ENDPOINT);
    let got = client.get_object().bucket("tickets").key("a/b c.pdf").send().await.unwrap();
    assert_eq!(got.content_type(), Some("application/pdf"));
    assert_eq!(got.body.collect().await.unwrap().into_bytes().as_ref(), b"ticket");
    let missing = client.get_object().bucket("tickets").key("none").send().await.unwrap_err();
    assert!(missing.into_service_error().is_no_such_key());
}

#[tokio::test]
async fn presigned_addresses_work_over_http_until_somebody_tampers_with_them() {
    let engines = memory();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, engines.router()).into_future());
    let client = s3(&engines, &format!("http://{host}"));
    client.create_bucket().bucket("tickets").send().await.unwrap();
    let hour = PresigningConfig::expires_in(Duration::from_hours(1)).unwrap();

    let put = client.put_object().bucket("tickets").key("t.pdf");
    let put = put.presigned(hour.clone()).await.unwrap();
    assert_eq!(fetch("PUT", put.uri(), "ticket").await.0, 200);
    let get = client.get_object().bucket("tickets").key("t.pdf").presigned(hour).await.unwrap();
    assert_eq!(fetch("GET", get.uri(), "").await, (200, "ticket".to_owned()));

    let other_key = get.uri().replace("t.pdf", "u.pdf");
    let (signed, last) = get.uri().split_at(get.uri().len() - 1);
    let other_signature = format!("{signed}{}", if last == "0" { "1" } else { "0" });
    let unsigned = get.uri().split('?').next().unwrap();
    for tampered in [other_key.as_str(), &other_signature, unsigned] {
        assert_eq!(fetch("GET", tampered, "").await.0, 403, "{tampered}");
    }
}

/// A minimal HTTP client: the status and the body.
async fn fetch(method: &str, address: &str, body: &str) -> (u16, String) {
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut socket = TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).await.unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
