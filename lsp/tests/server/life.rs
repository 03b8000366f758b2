//! How a server begins and ends.

use serde_json::{Value, json};

use crate::client::Client;

#[test]
fn ends_in_order() {
    let client = Client::start(&[]);
    assert!(client.stop().success());
}

#[test]
fn a_client_that_vanishes_is_an_error() {
    let client = Client::start(&[]);
    assert_eq!(client.vanish().code(), Some(2));
}

#[test]
fn agrees_on_an_encoding() {
    let encoding = |capabilities: Value| {
        let mut client = Client::start_with(&[], capabilities);
        client.open("a.mcl", "$x = \"😀\" $y\n");
        let list = client.wait_for_diagnostics("a.mcl", |list| !list.is_empty());
        list[0]["range"]["start"]["character"].as_u64()
    };
    assert_eq!(encoding(json!({})), Some(10));
    let utf8 = json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } });
    assert_eq!(encoding(utf8), Some(12));
}
