//! Several texts as bytes, to be sealed together: one nonce and one tag for all.
//!
//! Each stands behind its length and one, in two bytes; 0 is a text that is not there. Texts may be added at the end: what
//! was packed before reads as if they were not there.

use crate::Failed;

/// Packs texts.
pub(crate) fn pack(texts: &[Option<&str>]) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    for text in texts {
        let text = text.as_ref();
        let length = text.map_or(Ok(0), |text| u16::try_from(text.len() + 1)).map_err(Failed::corrupt)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text.map_or("", |text| text).as_bytes());
    }
    Ok(bytes)
}

/// Unpacks texts.
pub(crate) fn unpack<const N: usize>(bytes: &[u8]) -> Result<[Option<String>; N], Failed> {
    let mut all = unpack_all(bytes)?.into_iter();
    Ok([const { None::<String> }; N].map(|_| all.next().flatten()))
}

/// Unpacks as many texts as there are.
pub(crate) fn unpack_all(mut bytes: &[u8]) -> Result<Vec<Option<String>>, Failed> {
    let unreadable = || Failed::corrupt("packed texts are cut off");
    let mut texts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        bytes = rest;
        let mut text = None;
        if let Some(length) = usize::from(u16::from_be_bytes(*length)).checked_sub(1) {
            let (own, rest) = bytes.split_at_checked(length).ok_or_else(unreadable)?;
            text = Some(String::from_utf8(own.to_vec()).map_err(Failed::corrupt)?);
            bytes = rest;
        }
        texts.push(text);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_also_by_those_who_know_of_more() {
        let bytes = pack(&[Some("王"), None, Some("")]).unwrap();
        let [one, two, three, four] = unpack(&bytes).unwrap();
        assert_eq!((one.as_deref(), two, three.as_deref(), four), (Some("王"), None, Some(""), None));
        assert_eq!(unpack::<1>(&bytes).unwrap()[0].as_deref(), Some("王"));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let bytes = pack(&[Some("abc")]).unwrap();
        assert!(unpack::<1>(&bytes[..4]).is_err());
        assert!(pack(&[Some(&"a".repeat(65_535))]).is_err());
    }
}
