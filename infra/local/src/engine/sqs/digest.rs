//! The checksums by which SQS clients check that messages arrived as they were sent.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use md5::{Digest, Md5};

use super::errors::SqsError;
use super::wire::Attribute;

/// What marks a text (also a number) and a binary value in the checksum.
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// Returns the MD5 of a message's body.
pub(super) fn of_body(body: &str) -> String {
    HEXLOWER.encode(&Md5::digest(body.as_bytes()))
}

/// Returns the MD5 of a message's attributes, sorted by name as the SQS guide lays down; none
/// if there are no attributes.
///
/// # Errors
/// An attribute that has no value, or a binary value that is not base64.
pub(super) fn of_attributes(attributes: &BTreeMap<String, Attribute>) -> Result<Option<String>, SqsError> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        add(&mut digest, name.as_bytes());
        add(&mut digest, attribute.data_type.as_bytes());
        match (&attribute.string_value, &attribute.binary_value) {
            (Some(text), None) => {
                digest.update([TEXT]);
                add(&mut digest, text.as_bytes());
            }
            (None, Some(binary)) => {
                digest.update([BINARY]);
                add(&mut digest, &decode(name, binary)?);
            }
            _ => return Err(no_value(name)),
        }
    }
    Ok(Some(HEXLOWER.encode(&digest.finalize())))
}

/// Returns what a message's attributes count towards its size, in bytes.
pub(super) fn attributes_bytes(attributes: &BTreeMap<String, Attribute>) -> usize {
    let sizes = attributes.iter().map(|(name, attribute)| {
        let text = attribute.string_value.as_ref().map_or(0, String::len);
        let binary = attribute.binary_value.as_ref().map_or(0, |binary| binary.len() / 4 * 3);
        name.len() + attribute.data_type.len() + text + binary
    });
    sizes.sum()
}

fn add(digest: &mut Md5, bytes: &[u8]) {
    // A message has 256 KiB, so a length never needs more than its four bytes.
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

fn decode(name: &str, binary: &str) -> Result<Vec<u8>, SqsError> {
    STANDARD.decode(binary).map_err(|_| no_value(name))
}

fn no_value(name: &str) -> SqsError {
    SqsError::InvalidParameterValue(format!(
        "The message attribute '{name}' must contain one non-empty value of its type."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_aws_sdks() {
        // The attribute example of the SDKs' own tests (boto3, aws-sdk-ruby).
        let attribute = |data_type: &str, text: Option<&str>, binary: Option<&str>| Attribute {
            data_type: data_type.to_owned(),
            string_value: text.map(str::to_owned),
            binary_value: binary.map(str::to_owned),
        };
        let one = BTreeMap::from([("timestamp".to_owned(), attribute("Number", Some("1493147359900"), None))]);
        assert_eq!(of_body("Test message"), "82dfa5549ebc9afc168eb7931ebece5f");
        assert_eq!(of_attributes(&one).unwrap().as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
    }

    #[test]
    fn an_attribute_needs_exactly_one_value() {
        let none = Attribute { data_type: "String".to_owned(), string_value: None, binary_value: None };
        assert!(of_attributes(&BTreeMap::from([("a".to_owned(), none)])).is_err());
    }
}
