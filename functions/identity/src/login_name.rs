//! What people log in with: an e-mail address or a telephone number, each in its one normal form.

/// An e-mail address in lower case: one `@`, a local part of RFC 5321's unquoted characters, and a domain with a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email(String);

/// The text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EmailError;

impl std::fmt::Display for EmailError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("must be an e-mail address")
    }
}

impl Email {
    /// Octets, by RFC 5321, 4.5.3.1.3 (a path of 256 with its brackets).
    const MAX: usize = 254;
    /// Octets before the `@`, by RFC 5321, 4.5.3.1.1.
    const MAX_LOCAL: usize = 64;

    /// Reads an address. Upper case makes no other address: nobody tells two mailboxes apart by it.
    pub(crate) fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(EmailError)?;
        let fits = text.len() <= Self::MAX && local.len() <= Self::MAX_LOCAL;
        let readable = local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
            && domain.contains('.')
            && domain.split('.').all(is_label);
        if fits && readable { Ok(Self(text)) } else { Err(EmailError) }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A telephone number in E.164: `+`, country code, number; 8 to 15 digits in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phone(String);

/// The text is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PhoneError;

impl std::fmt::Display for PhoneError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("must be a mainland mobile number or begin with + and the country code")
    }
}

impl Phone {
    /// Reads a number. Without `+` it must be a mobile number of mainland China, with or without its country code.
    pub(crate) fn parse(text: &str) -> Result<Self, PhoneError> {
        let text: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-' | '(' | ')')).collect();
        let international = match text.strip_prefix('+') {
            Some(digits) => digits.to_owned(),
            None => mainland(&text).ok_or(PhoneError)?,
        };
        let is_number = (8..=15).contains(&international.len())
            && international.bytes().all(|byte| byte.is_ascii_digit())
            && !international.starts_with('0');
        if is_number { Ok(Self(["+", &international].concat())) } else { Err(PhoneError) }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

fn mainland(text: &str) -> Option<String> {
    let national = text.strip_prefix("0086").or_else(|| text.strip_prefix("86").filter(|rest| rest.len() == 11));
    let national = national.unwrap_or(text);
    let is_mobile = national.len() == 11
        && national.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..]);
    is_mobile.then(|| ["86", national].concat())
}

/// The normal form of whatever somebody logs in with. What is neither kind of name stays as it is: nobody has it.
pub(crate) fn normal(login: &str) -> String {
    Email::parse(login)
        .map(Email::into_string)
        .or_else(|_| Phone::parse(login).map(Phone::into_string))
        .unwrap_or_else(|_| login.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for text in ["buyer@demo.test", " Buyer@Demo.TEST "] {
            assert_eq!(Email::parse(text).unwrap().into_string(), "buyer@demo.test");
        }
        for good in ["a@b.co", "first.last+tag@mail.example.com", "x_y-z@a-b.cn"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@demo.test", "a".repeat(65));
        for bad in [
            "",
            "buyer",
            "@demo.test",
            "a@",
            "a@b",
            "a@@b.c",
            "a b@c.d",
            "a.@b.c",
            "a..b@c.d",
            "a@-b.c",
            "é@b.c",
            &long,
        ] {
            assert_eq!(Email::parse(bad), Err(EmailError), "{bad}");
        }
    }

    #[test]
    fn a_number_has_one_form() {
        for text in ["13800138000", "138 0013 8000", "8613800138000", "008613800138000", "+86 138-0013-8000"] {
            assert_eq!(Phone::parse(text).unwrap().into_string(), "+8613800138000", "{text}");
        }
        assert_eq!(Phone::parse("+49 (30) 901820").unwrap().into_string(), "+4930901820");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in ["", "+", "12345", "12800138000", "+0123456789", "+1234567", "+1234567890123456", "+86abc", "１３８"]
        {
            assert_eq!(Phone::parse(bad), Err(PhoneError), "{bad}");
        }
    }

    #[test]
    fn a_login_is_looked_up_in_its_normal_form() {
        assert_eq!(normal("Buyer@Demo.Test"), "buyer@demo.test");
        assert_eq!(normal("138-0013-8000"), "+8613800138000");
        assert_eq!(normal(" root "), "root");
    }
}
