//! An address: what a link leads to, as words to be found by.

/// Longer addresses are not shown, and indexed without their parameters.
pub const BYTES_MAX: usize = 512;

/// Whether it is not to be shown: it holds the thing itself instead of saying where that is, or nobody reads it.
pub fn is_data(address: &str) -> bool {
    address.len() > BYTES_MAX || is_of_data(address)
}

/// The words of an address, escapes read; none where it leads to a place in its own document or holds the thing itself. Of
/// a long one, what stands before its parameters.
pub fn words(address: &str) -> Option<String> {
    let address = address.trim();
    if address.is_empty() || address.starts_with('#') || is_of_data(address) {
        return None;
    }
    let long = address.len() > BYTES_MAX;
    let place = address.split(['?', '#']).next().filter(|_| long).unwrap_or(address);
    Some(decoded(&place[..place.floor_char_boundary(BYTES_MAX)]))
}

fn is_of_data(address: &str) -> bool {
    address.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// `%E6%96%87` is 文, where that is UTF-8.
fn decoded(address: &str) -> String {
    if !address.contains('%') {
        return address.into();
    }
    let bytes = address.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = address.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| address.into())
}

/// Whether a text is but the name of a picture's file.
pub fn is_image_name(text: &str) -> bool {
    let extension = text.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let is_image = |extension: String| {
        matches!(extension.as_str(), "png" | "jpg" | "jpeg" | "gif" | "svg" | "webp" | "bmp" | "avif" | "ico")
    };
    extension.is_some_and(is_image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_data_is_no_words() {
        assert_eq!(words("https://x.example/%E6%96%87%E6%A1%A3#a").as_deref(), Some("https://x.example/文档#a"));
        assert_eq!(words("a%zz%").as_deref(), Some("a%zz%"));
        assert_eq!(words("%ff").as_deref(), Some("%ff"));
        assert_eq!((words("#here"), words("DATA:image/png;base64,AAAA"), words(" ")), (None, None, None));
        assert!(is_image_name("架构.PNG") && !is_image_name("架构"));
    }
}
