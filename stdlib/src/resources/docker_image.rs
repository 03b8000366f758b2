//! `docker:image`: an image of containers (resources-services.md S-6.3).

use std::borrow::Cow;

use crate::resource::check::one_of_or_empty;
use crate::resource::{Invalid, Params, Validate};

use super::docker_container::validate_apiversion;

/// Manages an image of Docker; the name is that of the image, `latest` if it has no tag.
///
/// ```mcl
/// docker:image "nginx:1.27" {}
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "docker:image", edgeable)]
pub struct DockerImage {
    /// `exists` or `absent`; `exists` if it is left out.
    pub state: String,
    /// The version of Docker's interface to use, like `v1.41`; agreed on with the daemon if it is left out.
    pub apiversion: String,
}

impl Default for DockerImage {
    fn default() -> Self {
        Self {
            state: "exists".to_owned(),
            apiversion: String::new(),
        }
    }
}

impl DockerImage {
    /// The name of an image with its tag.
    pub fn with_tag(image: &str) -> Cow<'_, str> {
        let last = image.rsplit('/').next().unwrap_or(image);
        if last.contains([':', '@']) {
            Cow::Borrowed(image)
        } else {
            Cow::Owned(format!("{image}:latest"))
        }
    }
}

impl Validate for DockerImage {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        one_of_or_empty("state", &self.state, &["exists", "absent"])?;
        validate_apiversion(&self.apiversion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_behind_the_last_slash() {
        assert_eq!(DockerImage::with_tag("nginx"), "nginx:latest");
        assert_eq!(DockerImage::with_tag("nginx:1"), "nginx:1");
        assert_eq!(DockerImage::with_tag("a:5000/nginx"), "a:5000/nginx:latest");
        assert_eq!(DockerImage::with_tag("a/b@sha256:c"), "a/b@sha256:c");
        assert_eq!(DockerImage::default().validate("a"), Ok(()));
    }
}
