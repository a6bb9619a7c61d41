//! `docs/errors.md`: every refusal that a client can see.

use app::{Code, Language};

use crate::generated::Generated;

const INTRODUCTION: &str = "<!-- Written by `cargo xtask generate` from shared/app/src/codes.rs. -->

# Errors

A failure is answered with the HTTP status of its row and this body:

```json
{\"code\": 409, \"message\": \"Sold out.\", \"error\": \"sold_out\", \"requestId\": \"…\", \"timestamp\": 1767225600000}
```

`error` is stable: programs decide by it. `message` is for people, in the first language of `Accept-Language` (English,
or Chinese for `zh`). `validation_failed` adds `details`, one `{\"field\", \"reason\"}` for each wrong field, all at once.
Where trying again makes sense, the header `Retry-After` says after how many seconds.

| `error` | status | English | 中文 |
|---|---|---|---|
";

/// The page.
pub(crate) fn file() -> Generated {
    let rows = Code::all().map(|code| {
        let (english, chinese) = (code.message(Language::English), code.message(Language::Chinese));
        format!("| `{}` | {} | {english} | {chinese} |\n", code.word(), code.status())
    });
    Generated::derived("docs/errors.md", INTRODUCTION.to_owned() + &rows.collect::<String>())
}
