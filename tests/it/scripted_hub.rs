//! A model hub that plays a script: one answer a connection, then it is gone. It keeps what it was asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// No test waits longer for another thread.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct Hub {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

pub enum Act {
    Send(Vec<u8>),
    /// Nothing until the caller has left.
    Silence,
    /// Nothing until there is a message.
    Until(Receiver<()>),
}

pub type Answer = Vec<Act>;

impl Hub {
    pub fn play(answers: Vec<Answer>) -> Hub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        thread::spawn(move || {
            for answer in answers {
                let (mut caller, _) = listener.accept().unwrap();
                kept.lock().unwrap().push(request(&mut caller));
                answer.into_iter().for_each(|act| perform(act, &mut caller));
            }
        });
        Hub { url, requests }
    }

    /// Heads of all requests, in lower case.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn perform(act: Act, caller: &mut TcpStream) {
    match act {
        // The caller may have left.
        Act::Send(bytes) => drop(caller.write_all(&bytes)),
        Act::Silence => drop(caller.read(&mut [0])),
        Act::Until(message) => message.recv_timeout(DEADLINE).unwrap(),
    }
}

fn request(caller: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && caller.read(&mut byte).unwrap_or(0) == 1 {
        head.extend(byte);
    }
    String::from_utf8_lossy(&head).to_ascii_lowercase()
}

/// The first `sent` bytes of `body`, under a head that promises all.
pub fn cut(body: &[u8], sent: usize) -> Answer {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    vec![Act::Send(head.into_bytes()), Act::Send(body[..sent].to_vec())]
}

pub fn whole(body: &[u8]) -> Answer {
    cut(body, body.len())
}

/// What comes from byte `start` on, up to byte `end`, under a head that promises the rest.
pub fn rest_cut(body: &[u8], start: usize, end: usize) -> Answer {
    let (length, last, total) = (body.len() - start, body.len() - 1, body.len());
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {length}\r\nContent-Range: bytes {start}-{last}/{total}\r\n\
         Connection: close\r\n\r\n"
    );
    vec![Act::Send(head.into_bytes()), Act::Send(body[start..end].to_vec())]
}

pub fn rest(body: &[u8], start: usize) -> Answer {
    rest_cut(body, start, body.len())
}

/// An answer without a body; `headers` end with a line break each.
pub fn status(code: u16, headers: &str) -> Answer {
    let head = format!("HTTP/1.1 {code} Scripted\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n");
    vec![Act::Send(head.into_bytes())]
}
