//! One run of an operation or a worker: what ends, and nothing else with it, when a process dies.
//!
//! On AWS a function that dies takes one invocation along. Here the invocation is a future, and to die is to drop it.

use std::sync::Arc;

use tokio::sync::Notify;

tokio::task_local! {
    static CURRENT: Invocation;
}

#[derive(Clone, Debug)]
struct Invocation {
    name: &'static str,
    dies: Arc<Notify>,
}

/// The process ended in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Died;

/// Runs something under the name of its operation or worker, until it ends or dies.
pub(crate) async fn run<F: Future>(name: &'static str, running: F) -> Result<F::Output, Died> {
    let dies = Arc::new(Notify::new());
    let invocation = Invocation { name, dies: Arc::clone(&dies) };
    tokio::select! {
        biased;
        () = dies.notified() => Err(Died),
        output = CURRENT.scope(invocation, running) => Ok(output),
    }
}

/// The operation or worker on whose behalf the calling code runs; nothing outside of one.
pub(crate) fn name() -> Option<&'static str> {
    CURRENT.try_with(|invocation| invocation.name).ok()
}

/// Ends the invocation in which the calling code runs, at its next `await`. Returns whether there is one.
pub(crate) fn die() -> bool {
    CURRENT.try_with(|invocation| invocation.dies.notify_one()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn whoever_dies_ends_alone() {
        let dying = run("dying", async {
            assert_eq!(name(), Some("dying"));
            assert!(die());
            pending::<()>().await;
        });
        let living = run("living", async { name() });
        assert_eq!(futures_util::future::join(dying, living).await, (Err(Died), Ok(Some("living"))));
        assert!(!die() && name().is_none(), "outside nothing can die");
    }
}
