//! What the resources `http:client` have brought, for programs to look at (functions.md §17.5).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mgmt_stdlib::catalog::HttpResponse;
use tokio::sync::watch;

/// The responses by the resources' names. Cheap to clone; clones are one store.
#[derive(Clone, Debug, Default)]
pub struct HttpResponses(Arc<Mutex<HashMap<String, watch::Sender<HttpResponse>>>>);

impl HttpResponses {
    /// Replaces what a resource has brought. The body may have changed even if the response looks the same, so it is
    /// always told.
    pub fn set(&self, name: &str, response: HttpResponse) {
        let mut responses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match responses.get(name) {
            Some(watch) => drop(watch.send_replace(response)),
            None => drop(responses.insert(name.to_owned(), watch::Sender::new(response))),
        }
    }

    /// What a resource has brought, now and whenever that changes.
    pub fn subscribe(&self, name: &str) -> watch::Receiver<HttpResponse> {
        let mut responses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let watch = responses.entry(name.to_owned()).or_default();
        watch.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_before_hears_of_it() {
        let responses = HttpResponses::default();
        let mut watch = responses.subscribe("a");
        assert_eq!(watch.borrow_and_update().status, 0);
        let response = HttpResponse {
            status: 200,
            body: None,
        };
        for _ in 0..2 {
            responses.set("a", response.clone());
            assert!(watch.has_changed().unwrap());
            assert_eq!(watch.borrow_and_update().status, 200);
        }
        assert_eq!(responses.subscribe("b").borrow().status, 0);
    }
}
