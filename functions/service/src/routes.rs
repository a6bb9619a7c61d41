//! Written by `cargo xtask generate`: every path, with the methods that it takes.

/// Path and methods, sorted.
pub(crate) static ROUTES: &[(&str, &[&str])] = &[
    ("/api/admin/auth/login", &["POST"]),
    ("/api/admin/events", &["GET", "POST"]),
    ("/api/admin/events/{event}", &["DELETE", "GET", "PUT"]),
    ("/api/admin/events/{event}/approve", &["POST"]),
    ("/api/admin/events/{event}/cancel", &["POST"]),
    ("/api/admin/events/{event}/reject", &["POST"]),
    ("/api/admin/events/{event}/submit", &["POST"]),
    ("/api/auth/login", &["POST"]),
    ("/api/auth/logout", &["POST"]),
    ("/api/auth/password", &["POST"]),
    ("/api/auth/refresh", &["POST"]),
    ("/api/auth/register", &["POST"]),
    ("/api/events", &["GET"]),
    ("/api/events/{event}", &["GET"]),
    ("/api/events/{event}/stock", &["GET"]),
    ("/api/tenants/{tenant}", &["GET"]),
    ("/api/users/profile", &["GET", "PUT"]),
    ("/docs", &["GET"]),
    ("/docs/{file}", &["GET"]),
    ("/healthz", &["GET"]),
    ("/openapi.json", &["GET"]),
    ("/readyz", &["GET"]),
];
