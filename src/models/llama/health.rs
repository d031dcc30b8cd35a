//! What answers on a port of this machine: one plain HTTP/1.0 GET, so that nothing has to be decoded.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A server that computes on every core answers late.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Nothing listens.
    Absent,
    /// A model server that still reads its model.
    Loading,
    /// A model server. Its first model's name, where it tells.
    Ready { model: Option<String> },
    /// Something else listens.
    Foreign,
}

/// Asks `/health`, and `/v1/models` so as not to take any web server for a model server.
pub fn health(port: u16) -> Health {
    match get(port, "/health") {
        Answer::Refused => Health::Absent,
        Answer::Http(503, _) => Health::Loading,
        Answer::Http(200, _) => match get(port, "/v1/models") {
            Answer::Http(200, body) => match serde_json::from_slice::<serde_json::Value>(&body) {
                Ok(models) => Health::Ready { model: models["data"][0]["id"].as_str().map(str::to_owned) },
                Err(_) => Health::Foreign,
            },
            Answer::Http(503, _) => Health::Loading,
            _ => Health::Foreign,
        },
        Answer::Http(..) | Answer::Garbled => Health::Foreign,
    }
}

enum Answer {
    Refused,
    /// Status and body.
    Http(u16, Vec<u8>),
    /// Silence, or no HTTP.
    Garbled,
}

fn get(port: u16, path: &str) -> Answer {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) else { return Answer::Refused };
    exchange(&mut stream, port, path).ok().and_then(|bytes| parse(&bytes)).unwrap_or(Answer::Garbled)
}

fn exchange(stream: &mut TcpStream, port: u16, path: &str) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    // In one write: a server that answers and closes after the first part would reset the connection.
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let line = std::str::from_utf8(bytes[..head].split(|&byte| byte == b'\r').next()?).ok()?;
    let status = line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer::Http(status, bytes[head + 4..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Serves the answers in order, one a connection, and tells the health seen meanwhile.
    fn check(answers: &[&'static str], expected: Health) {
        let answers = answers.to_vec();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            for answer in answers {
                let mut stream = listener.accept().unwrap().0;
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        assert_eq!(health(port), expected);
        server.join().unwrap();
    }

    #[test]
    fn a_model_server_is_ready_or_loading() {
        let models = "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{\"data\":[{\"id\":\"qwen-0.5b\"}]}";
        check(
            &["HTTP/1.1 200 OK\r\n\r\n{\"status\":\"ok\"}", models],
            Health::Ready { model: Some("qwen-0.5b".into()) },
        );
        check(&["HTTP/1.1 503 Service Unavailable\r\n\r\n{}"], Health::Loading);
    }

    #[test]
    fn another_server_is_foreign() {
        check(&["HTTP/1.1 404 Not Found\r\n\r\n"], Health::Foreign);
        check(&["SSH-2.0-OpenSSH_9.2\r\n"], Health::Foreign);
        let page = "HTTP/1.1 200 OK\r\n\r\n<html>";
        check(&[page, page], Health::Foreign);
    }

    #[test]
    fn a_closed_port_is_absent() {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        assert_eq!(health(port), Health::Absent);
    }
}
