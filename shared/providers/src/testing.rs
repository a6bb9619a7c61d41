//! A service that takes one request.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread::{self, JoinHandle},
};

/// Answers the first request with 200.
pub(crate) struct Once {
    pub(crate) url: String,
    served: JoinHandle<(String, String)>,
}

impl Once {
    pub(crate) fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}", answer.len());
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 1_024]);
            loop {
                let count = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    stream.write_all(answer.as_bytes()).unwrap();
                    return (head.to_owned(), body.to_owned());
                }
            }
        });
        Self { url, served }
    }

    /// The head and the body of what was asked.
    pub(crate) fn request(self) -> (String, String) {
        self.served.join().unwrap()
    }
}
