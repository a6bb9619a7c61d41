//! The text of a file as it is sent: as it is, or compressed.

use app::Detail;
use data_encoding::BASE64;
use schemars::JsonSchema;
use serde::Deserialize;

/// The longest file, in bytes: all trains of the largest railway take half of it.
pub(crate) const MAX_TEXT: usize = 16 * 1_024 * 1_024;

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Encoding {
    /// As text.
    #[default]
    Plain,
    /// Compressed (RFC 1950, what browsers and HTTP call deflate), in base64.
    Deflate,
}

/// The text of a file.
pub(crate) fn read(field: &str, sent: &str, encoding: Encoding) -> Result<String, Detail> {
    let wrong = |reason: &str| Detail { field: field.to_owned(), reason: reason.to_owned() };
    let text = match encoding {
        Encoding::Plain => sent.to_owned(),
        Encoding::Deflate => {
            let bytes = BASE64.decode(sent.as_bytes()).map_err(|_| wrong("must be base64"))?;
            let text = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&bytes, MAX_TEXT);
            let text = text.map_err(|_| wrong("must be compressed by deflate, and at most 16 MiB"))?;
            String::from_utf8(text).map_err(|_| wrong("must be text in UTF-8"))?
        }
    };
    // What spreadsheets put in front.
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_plain_and_compressed() {
        let text = "name,telecode\n北京,BJP\n";
        let bytes = miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 6);
        assert_eq!(read("stations", text, Encoding::Plain).unwrap(), text);
        assert_eq!(read("stations", &format!("\u{feff}{text}"), Encoding::Plain).unwrap(), text);
        assert_eq!(read("stations", &BASE64.encode(&bytes), Encoding::Deflate).unwrap(), text);
    }

    #[test]
    fn what_cannot_be_unpacked_or_would_fill_the_memory_is_refused() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; MAX_TEXT + 1], 6);
        assert!(bomb.len() < 20_000);
        let binary = miniz_oxide::deflate::compress_to_vec_zlib(&[255, 254], 6);
        for sent in ["%", "AAAA", &BASE64.encode(&bomb), &BASE64.encode(&binary)] {
            assert_eq!(read("trains", sent, Encoding::Deflate).unwrap_err().field, "trains");
        }
    }
}
