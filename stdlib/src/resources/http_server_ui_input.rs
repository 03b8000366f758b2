//! `http:server:ui:input`: an element of a web form (resources-services.md S-2.7).

use crate::resource::check::net::url;
use crate::resource::check::one_of;
use crate::resource::{Invalid, Meta, Params, Validate};
use crate::value::Str;

/// Is an element of the form of an `http:server:ui`, and sends the value that people give it.
///
/// The name is what the element is called, unless `id` is given.
///
/// ```mcl
/// http:server ":8080" {}
/// http:server:ui "/ui/" {}
/// http:server:ui:input "volume" {
///     value => "5",
///     type => "range://?min=0&max=10&step=1",
/// }
/// value "volume" {}
/// Http:Server:Ui:Input["volume"].value -> Value["volume"].any
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "http:server:ui:input", groupable, inside("http:server:ui", path), sends(
    /// The present value.
    value: Str,
))]
pub struct HttpServerUiInput {
    /// The name of the `http:server:ui`; any one if it is left out.
    pub path: String,
    /// What the element is called; the name of the resource if it is left out.
    pub id: String,
    /// The first value.
    pub value: Str,
    /// Where the value is kept: `local://` on this host or `world://` in the cluster, with `?key=` and a key if
    /// it is not the name; nowhere if it is left out.
    pub store: String,
    /// What the element is: `text://`, or `range://?min=0&max=10&step=1`; `text://` if it is left out.
    pub r#type: String,
    /// Elements are shown in the order of these texts.
    pub sort: String,
}

impl Default for HttpServerUiInput {
    fn default() -> Self {
        Self {
            path: String::new(),
            id: String::new(),
            value: Str::default(),
            store: String::new(),
            r#type: "text://".to_owned(),
            sort: String::new(),
        }
    }
}

impl HttpServerUiInput {
    /// What the element is called.
    pub fn id<'a>(&'a self, name: &'a str) -> &'a str {
        if self.id.is_empty() { name } else { &self.id }
    }
}

impl Validate for HttpServerUiInput {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if !self.store.is_empty() && !self.value.is_empty() {
            return Err(Invalid::param(
                "value",
                "can not be given together with `store`, which has the value",
            ));
        }
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let schemes = [
            ("store", &self.store, ["local", "world"]),
            ("type", &self.r#type, ["text", "range"]),
        ];
        for (param, text, schemes) in schemes {
            if !text.is_empty() {
                one_of(param, url(param, text)?.scheme(), &schemes)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(store: &str, r#type: &str) -> HttpServerUiInput {
        HttpServerUiInput {
            store: store.to_owned(),
            r#type: r#type.to_owned(),
            ..HttpServerUiInput::default()
        }
    }

    #[test]
    fn stores_and_types_are_known() {
        assert_eq!(
            input("", "text://").validate_all("a", &Meta::default()),
            Ok(())
        );
        assert_eq!(
            input("world://?key=b", "range://?min=0&max=1").validate_all("a", &Meta::default()),
            Ok(())
        );
        assert_eq!(
            input("", "colour://")
                .validate_all("a", &Meta::default())
                .unwrap_err()
                .param,
            Some("type")
        );
        assert_eq!(
            input("etcd://", "")
                .validate_all("a", &Meta::default())
                .unwrap_err()
                .param,
            Some("store")
        );
        let mut both = input("local://", "");
        both.value = "x".into();
        assert_eq!(
            both.validate_all("a", &Meta::default()).unwrap_err().param,
            Some("value")
        );
    }
}
