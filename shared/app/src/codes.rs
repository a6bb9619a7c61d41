//! Every refusal that a client can see: its stable word, its HTTP status, and what people read.
//!
//! docs/errors.md is generated from this list.

/// A stable word for what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is explained by its row in the table below")]
pub enum Code {
    ValidationFailed,
    MalformedRequest,
    Unauthenticated,
    BadCredentials,
    LoginRefused,
    SessionRevoked,
    BadCode,
    OtpRequired,
    Forbidden,
    TenantDisabled,
    LoginBlocked,
    NotFound,
    MethodNotAllowed,
    IdempotencyConflict,
    AlreadyRegistered,
    AlreadyExists,
    VersionConflict,
    AlreadyLinked,
    LastLogin,
    ProviderUnusable,
    WrongState,
    EventLocked,
    StockInUse,
    SeatsInUse,
    SeatTaken,
    SeatNotOffered,
    SeatLeftAlone,
    PassengerElsewhere,
    SoldOut,
    TooFewLeft,
    Busy,
    NotOnSale,
    LimitExceeded,
    OrderPaid,
    OrderOver,
    OrdersOpen,
    NotRefundable,
    NotChangeable,
    AlreadyUsed,
    NotYetValid,
    Expired,
    Void,
    UnknownTicket,
    PayloadTooLarge,
    UnsupportedMediaType,
    RateLimited,
    Internal,
    Unavailable,
}

/// A row: code, word, status, English, Chinese.
type Row = (Code, &'static str, u16, &'static str, &'static str);

#[rustfmt::skip] // One row a line reads as the table that it is.
const ROWS: [Row; 48] = [
    (Code::ValidationFailed, "validation_failed", 400, "Some fields are not right.", "部分字段填写有误。"),
    (Code::MalformedRequest, "malformed_request", 400, "The request is not readable.", "请求无法解析。"),
    (Code::Unauthenticated, "unauthenticated", 401, "Please log in.", "请先登录。"),
    (Code::BadCredentials, "bad_credentials", 401, "Login or password is wrong.", "账号或密码错误。"),
    (Code::LoginRefused, "login_refused", 401, "This login was not accepted. Please begin again.", "登录未通过验证，请重新登录。"),
    (Code::SessionRevoked, "session_revoked", 401, "Your session has ended. Please log in again.", "会话已失效，请重新登录。"),
    (Code::BadCode, "bad_code", 401, "That code is wrong, or no longer good.", "验证码错误或已失效。"),
    (Code::OtpRequired, "otp_required", 401, "Please enter the code of your authenticator.", "请输入动态验证码。"),
    (Code::Forbidden, "forbidden", 403, "You may not do this.", "没有权限执行此操作。"),
    (Code::TenantDisabled, "tenant_disabled", 403, "This organiser is not in business at the moment.", "该商户已停用。"),
    (Code::LoginBlocked, "login_blocked", 403, "The provider does not let this account log in.", "该账号已被登录平台限制。"),
    (Code::NotFound, "not_found", 404, "There is nothing here.", "未找到相关内容。"),
    (Code::MethodNotAllowed, "method_not_allowed", 405, "This address does not take that method.", "不支持该请求方法。"),
    (Code::IdempotencyConflict, "idempotency_conflict", 409, "This Idempotency-Key was used with another request.", "该幂等键已用于不同的请求。"),
    (Code::AlreadyRegistered, "already_registered", 409, "There is an account with this login already.", "该账号已被注册。"),
    (Code::AlreadyExists, "already_exists", 409, "There is one with this id already.", "该标识已存在。"),
    (Code::VersionConflict, "version_conflict", 409, "Somebody else changed this meanwhile. Please read it again.", "内容已被他人修改，请刷新后重试。"),
    (Code::AlreadyLinked, "already_linked", 409, "This is linked to an account already.", "已绑定账号。"),
    (Code::LastLogin, "last_login", 409, "There is no other way to log in to this account.", "这是该账号唯一的登录方式，无法解绑。"),
    (Code::ProviderUnusable, "provider_unusable", 409, "The provider does not answer as it should.", "登录平台未正确响应。"),
    (Code::WrongState, "wrong_state", 409, "It is not in a state that allows this.", "当前状态不允许此操作。"),
    (Code::EventLocked, "event_locked", 409, "This cannot be changed once the event is approved.", "活动审核通过后不能修改该内容。"),
    (Code::StockInUse, "stock_in_use", 409, "More tickets are held or sold than would be left.", "已占用或售出的票数超过调整后的库存。"),
    (Code::SeatsInUse, "seats_in_use", 409, "Seats that somebody holds or has bought would be lost.", "部分座位已被占用或售出，不能移除。"),
    (Code::SeatTaken, "seat_taken", 409, "Somebody has taken a seat that you chose.", "所选座位已被他人占用。"),
    (Code::SeatNotOffered, "seat_not_offered", 409, "A seat that you chose is not for sale to you.", "所选座位不在可售范围内。"),
    (Code::SeatLeftAlone, "seat_left_alone", 409, "Your choice would leave a single seat that nobody wants.", "所选座位会留下无人愿买的单个空座。"),
    (Code::PassengerElsewhere, "passenger_elsewhere", 409, "A passenger is on another train at that time.", "乘车人在该时段已有其他行程。"),
    (Code::SoldOut, "sold_out", 409, "Sold out.", "已售罄。"),
    (Code::TooFewLeft, "too_few_left", 409, "Fewer tickets are left than you want.", "余票不足。"),
    (Code::Busy, "busy", 409, "Many people are buying. Please try again in a moment.", "购票人数较多，请稍后重试。"),
    (Code::NotOnSale, "not_on_sale", 409, "Not on sale.", "当前不在售票时间。"),
    (Code::LimitExceeded, "limit_exceeded", 409, "That is more than one order may take.", "超出单笔购买上限。"),
    (Code::OrderPaid, "order_paid", 409, "The order is paid. Ask for a refund instead.", "订单已支付，请申请退款。"),
    (Code::OrderOver, "order_over", 409, "The order has ended.", "订单已结束。"),
    (Code::OrdersOpen, "orders_open", 409, "Some orders are not finished yet. Cancel them, or wait until they are.", "尚有未完成的订单，请先取消或等待其完成。"),
    (Code::NotRefundable, "not_refundable", 409, "This cannot be refunded.", "该订单不可退款。"),
    (Code::NotChangeable, "not_changeable", 409, "This ticket cannot be changed for that one.", "该车票不可改签或换座。"),
    (Code::AlreadyUsed, "already_used", 409, "The ticket has been used.", "该票已使用。"),
    (Code::NotYetValid, "not_yet_valid", 409, "The doors are not open yet.", "尚未到入场时间。"),
    (Code::Expired, "expired", 409, "The session is over.", "场次已结束，票已过期。"),
    (Code::Void, "void", 409, "The ticket has been given back.", "该票已作废。"),
    (Code::UnknownTicket, "unknown_ticket", 404, "This is no ticket of ours.", "无效票码。"),
    (Code::PayloadTooLarge, "payload_too_large", 413, "The request is too large.", "请求内容过大。"),
    (Code::UnsupportedMediaType, "unsupported_media_type", 415, "Send JSON as application/json.", "请使用 application/json 格式。"),
    (Code::RateLimited, "rate_limited", 429, "Too many requests. Please wait.", "请求过于频繁，请稍候。"),
    (Code::Internal, "internal", 500, "Something went wrong on our side.", "服务器内部错误。"),
    (Code::Unavailable, "unavailable", 503, "Not available just now. Please try again.", "服务暂不可用，请稍后重试。"),
];

/// A language that messages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// Reads `Accept-Language`: Chinese where the first language named is Chinese.
    pub fn accepted(header: Option<&str>) -> Self {
        let first = header.unwrap_or_default().split([',', ';']).next().unwrap_or_default().trim();
        if first.to_ascii_lowercase().starts_with("zh") { Self::Chinese } else { Self::English }
    }

    /// The language tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }
}

impl Code {
    /// Every code.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The stable word.
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        self.row().2
    }

    /// What people read.
    pub fn message(self, language: Language) -> &'static str {
        match language {
            Language::English => self.row().3,
            Language::Chinese => self.row().4,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_finds_its_own_row_and_words_differ() {
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(row.0 as usize, place, "{}", row.1);
        }
        assert_eq!(Code::all().map(Code::word).collect::<HashSet<_>>().len(), ROWS.len());
    }

    #[test]
    fn the_first_language_decides() {
        assert_eq!(Language::accepted(Some("zh-CN,zh;q=0.9,en;q=0.8")), Language::Chinese);
        assert_eq!(Language::accepted(Some("en-GB,zh;q=0.9")), Language::English);
        assert_eq!(Language::accepted(None), Language::English);
    }
}
