//! `http:server:ui`: a web form (resources-services.md S-2.6).

use crate::resource::check::{absolute, directory};
use crate::resource::{Invalid, ParamStruct, Params, Validate};

/// Shows a form at a path of an `http:server`, made of the `http:server:ui:input` resources that belong to it.
///
/// The name is the path, unless `path` is given.
///
/// ```mcl
/// http:server ":8080" {}
/// http:server:ui "/ui/" {
///     data => struct{title => "settings", head => ""},
/// }
/// http:server:ui:input "colour" {}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "http:server:ui", groupable, inside("http:server", server))]
pub struct HttpServerUi {
    /// The name of the `http:server`; any one if it is left out.
    pub server: String,
    /// The path of the form, which begins and ends with a slash; the name of the resource if it is left out.
    pub path: String,
    /// What the page shows besides.
    pub data: Option<Data>,
}

/// What the page shows besides its elements.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct Data {
    /// The title, as text.
    pub title: String,
    /// What is added to the head of the page, as HTML.
    pub head: String,
}

impl HttpServerUi {
    /// The path in effect.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        if self.path.is_empty() {
            name
        } else {
            &self.path
        }
    }
}

impl Validate for HttpServerUi {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        absolute("path", self.path(name))?;
        directory("path", self.path(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_below_its_path() {
        assert_eq!(HttpServerUi::default().validate("/ui/"), Ok(()));
        assert!(HttpServerUi::default().validate("/ui").is_err());
        assert!(HttpServerUi::default().validate("ui/").is_err());
    }
}
