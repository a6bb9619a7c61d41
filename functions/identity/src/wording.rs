//! What people read in the messages that they are sent.

use app::Language;

/// A subject and a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wording {
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// A code that proves a name.
pub(crate) fn code(language: Language, tenant: &str, code: &str) -> Wording {
    match language {
        Language::English => Wording {
            subject: format!("{tenant}: your verification code"),
            text: format!(
                "{code} is your code for {tenant}. It is good for 10 minutes. Nobody of us will ever ask you for it. If you \
                 did not ask for it, you need not do anything."
            ),
        },
        Language::Chinese => Wording {
            subject: format!("{tenant}：验证码"),
            text: format!(
                "【{tenant}】您的验证码为 {code}，10 分钟内有效。我们不会向您索要验证码。如非本人操作，请忽略。"
            ),
        },
    }
}

/// A link to set a new password.
pub(crate) fn reset(language: Language, tenant: &str, link: &str) -> Wording {
    match language {
        Language::English => Wording {
            subject: format!("{tenant}: set a new password"),
            text: format!(
                "Somebody asked for a new password for your account at {tenant}. This link sets one, once, within 30 \
                 minutes: {link} If it was not you, you need not do anything."
            ),
        },
        Language::Chinese => Wording {
            subject: format!("{tenant}：重置密码"),
            text: format!(
                "【{tenant}】有人申请重置您的账号密码。请在 30 分钟内打开以下链接设置新密码（仅可使用一次）：{link} 如非本人操作，请忽略。"
            ),
        },
    }
}

/// That the account has another name now, to the one before.
pub(crate) fn renamed(language: Language, tenant: &str) -> Wording {
    match language {
        Language::English => Wording {
            subject: format!("{tenant}: your login was changed"),
            text: format!(
                "Your account at {tenant} is no longer reached by this address or number: its owner verified another one. \
                 If it was not you, write to {tenant} at once."
            ),
        },
        Language::Chinese => Wording {
            subject: format!("{tenant}：登录方式已变更"),
            text: format!("【{tenant}】您的账号已改用新的邮箱或手机号登录。如非本人操作，请立即联系{tenant}。"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_code_and_the_subject_does_not() {
        for language in [Language::English, Language::Chinese] {
            let Wording { subject, text } = code(language, "Demo", "012345");
            assert!(text.contains("012345") && text.contains("10") && !subject.contains("012345"), "{subject} {text}");
            assert!(reset(language, "Demo", "https://a.test/#t").text.contains("https://a.test/#t"));
            assert!(renamed(language, "Demo").text.contains("Demo"));
        }
        assert_ne!(code(Language::English, "Demo", "1"), code(Language::Chinese, "Demo", "1"));
    }
}
