//! The proxy between us and an endpoint, as the usual variables set it: only to name it where it fails.

use reqwest::Url;

/// The variable that sets the proxy for `url`, and the proxy without credentials; none where none is set or the host is
/// excepted. This machine is always reached without one.
pub(super) fn of(url: &Url) -> Option<(&'static str, String)> {
    let host = url.host_str()?;
    if super::endpoint::is_loopback(url) || ["no_proxy", "NO_PROXY"].iter().any(|name| excepts(&variable(name), host)) {
        return None;
    }
    let names: &[&'static str] = match url.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    let set = names.iter().find(|name| !variable(name).is_empty())?;
    Some((set, shown(&variable(set))))
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default().trim().to_owned()
}

fn excepts(list: &str, host: &str) -> bool {
    list.split(',')
        .map(|one| one.trim().trim_start_matches('.'))
        .filter(|one| !one.is_empty())
        .any(|one| one == "*" || host == one || host.strip_suffix(one).is_some_and(|before| before.ends_with('.')))
}

/// Without what stands before an `@`.
fn shown(proxy: &str) -> String {
    match (proxy.split_once("://"), proxy.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        _ => proxy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_excepted_with_what_stands_below_them() {
        for (list, is_excepted) in
            [("a.example, example.com", true), (".example.com", true), ("*", true), ("ample.com", false)]
        {
            assert_eq!(excepts(list, "api.example.com"), is_excepted, "{list}");
        }
        assert!(!excepts("", "api.example.com"));
    }

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        assert_eq!(shown("http://me:secret@proxy:3128"), "http://proxy:3128");
        assert_eq!(shown("me:secret@proxy:3128"), "proxy:3128");
        assert_eq!(shown("socks5://127.0.0.1:9"), "socks5://127.0.0.1:9");
    }
}
