//! Hosts: where a key may go. A key is for the host that it was given with, in the same file or in the same environment, and
//! goes to no other, this machine included.

use super::{Origin, Values, key};
use std::collections::BTreeMap;

/// Endpoints, each with its key.
pub const KEYS_OF_HOSTS: [(&str, &str); 4] = [
    ("chat.base_url", "chat.api_key"),
    ("chat.base_url", "chat.headers"),
    ("embed.base_url", "embed.api_key"),
    ("rerank.base_url", "rerank.api_key"),
];

/// The variable of a key that other programs use, with its address, and where it goes without.
const SHARED: (&str, &str, &str) = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1");

/// A key that was given for another host than the one that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    pub key: &'static str,
    /// Where it was given.
    pub from: Origin,
    /// What it was given for; the address as it was written.
    pub host: String,
}

/// Puts to each endpoint the strongest key that was given for its host, or none. A key that is a flag was typed for this
/// call; `user` and `env` are what the user's file and the environment say. Every key that was given is noted in `known`.
pub fn bind(
    values: &mut Values,
    user: &BTreeMap<&'static str, (String, Origin)>,
    env: &dyn Fn(&str) -> Option<String>,
    known: &mut Vec<String>,
) -> Vec<Withheld> {
    let mut withheld = Vec::new();
    for (url, name) in KEYS_OF_HOSTS {
        let given = candidates(url, name, user, env);
        let (value, origin) = &values[name];
        known.extend(given.iter().map(|(value, ..)| value.clone()));
        if value.is_empty() || *origin == Origin::Flag {
            continue;
        }
        let asked = place(&values[url].0);
        let fitting = given.iter().find(|(.., host)| asked.is_some() && place(host) == asked);
        let none = (String::new(), Origin::Default);
        if let (None, Some((_, from, host))) = (fitting, given.first()) {
            withheld.push(Withheld { key: name, from: from.clone(), host: host.clone() });
        }
        values.insert(name, fitting.map_or(none, |(value, from, _)| (value.clone(), from.clone())));
    }
    withheld
}

/// The keys for an endpoint, the strongest first, each with the address that it was given for.
fn candidates(
    url: &'static str,
    name: &'static str,
    user: &BTreeMap<&'static str, (String, Origin)>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Vec<(String, Origin, String)> {
    let row = |name| key::find(name).expect("a row of the table");
    let env_of = |name| row(name).env.iter().find_map(|variable| env(variable));
    let of_file = user.get(url).map(|(address, _)| address.clone());
    let default = row(url).default.to_string();
    let mut given = Vec::new();
    for variable in row(name).env {
        let Some(value) = env(variable) else { continue };
        let host = if *variable == SHARED.0 {
            env(SHARED.1).or_else(|| env_of(url)).unwrap_or(SHARED.2.into())
        } else {
            env_of(url).or_else(|| of_file.clone()).unwrap_or(default.clone())
        };
        given.push((value, Origin::Env(variable), host));
    }
    if let Some((value, origin)) = user.get(name).filter(|(value, _)| !value.is_empty()) {
        given.push((value.clone(), origin.clone(), of_file.unwrap_or(default)));
    }
    given
}

/// Host and port of a plain `http(s)` URL; the port is empty where none is named. User info stays in the
/// host, where it matches nothing.
pub fn host_and_port(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or("");
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Some((host, port)),
        _ => Some((authority, "")),
    }
}

/// Scheme, host and port, as two addresses of one server have them both. What is sent to one port in the clear is not for
/// the same eyes as what is sent encrypted.
pub fn place(url: &str) -> Option<(bool, String, u16)> {
    let url = url.trim();
    let is_encrypted = url.starts_with("https://");
    let (host, port) = host_and_port(url)?;
    let host = host.rsplit('@').next().unwrap_or(host).trim_end_matches('.').to_ascii_lowercase();
    let port = if port.is_empty() { if is_encrypted { 443 } else { 80 } } else { port.parse().ok()? };
    (!host.is_empty()).then_some((is_encrypted, host, port))
}

pub fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// The password in an address, if there is one.
pub fn password(url: &str) -> Option<String> {
    let (host, port) = host_and_port(url)?;
    // `me:1234@host` ends in no port, `me:secret@host:80` in one.
    let authority = if port.is_empty() { host } else { host.trim_end_matches(':') };
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_addresses_of_one_server_are_one_place() {
        let same = |one, other| place(one).is_some() && place(one) == place(other);
        assert!(same("https://A.example/v1", "https://a.example:443/v2?x"));
        assert!(same("http://a.example", "http://me:pass@a.example.:80/"));
        assert!(!same("https://a.example", "http://a.example"));
        assert!(!same("http://localhost:1", "http://localhost:2"));
        assert!(!same("http://a.example", "http://a.example@b.example"));
        assert!(!same("a.example", "a.example"), "no address");
    }

    #[test]
    fn a_password_is_found_in_an_address() {
        assert_eq!(password("https://me:pa55word@host:80/v1").as_deref(), Some("pa55word"));
        assert_eq!(password("https://me:pa55word@host/v1").as_deref(), Some("pa55word"));
        assert_eq!(password("https://host:80/v1"), None);
    }
}
