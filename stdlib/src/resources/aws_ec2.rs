//! `aws:ec2`: a machine of Amazon (resources-services.md S-10).

use crate::resource::check::net::{split_host_port, url_of};
use crate::resource::check::{one_of, required};
use crate::resource::{Invalid, Params, Validate};

/// Keeps an EC2 instance in a state; the name becomes a part of its name there.
///
/// ```mcl
/// aws:ec2 "web" {
///     state => "running",
///     region => "eu-central-1",
///     type => "t3.micro",
///     imageid => "ami-0123456789abcdef0",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "aws:ec2")]
pub struct AwsEc2 {
    /// `running`, `stopped` or `terminated`; must be given.
    pub state: String,
    /// The region, like `eu-central-1`; must be given.
    pub region: String,
    /// The type of the instance, like `t3.micro`; must be given.
    pub r#type: String,
    /// The image, like `ami-0123456789abcdef0`; must be given.
    pub imageid: String,
    /// The URL under which Amazon reaches this host to tell of changes; goes with `watchlistenaddr`.
    pub watchendpoint: String,
    /// The port, or the address and the port, where this host listens for that; goes with `watchendpoint`.
    pub watchlistenaddr: String,
    /// Fail if something else than a message of Amazon arrives there.
    pub erroronmalformedpost: bool,
    /// What the instance is given when it is created.
    pub userdata: String,
}

impl Validate for AwsEc2 {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        one_of("state", &self.state, &["running", "stopped", "terminated"])?;
        required("region", &self.region)?;
        if !is_region(&self.region) {
            return Err(Invalid::param(
                "region",
                format!("must be the name of a region, not `{}`", self.region),
            )
            .help("names look like `eu-central-1`"));
        }
        required("type", &self.r#type)?;
        required("imageid", &self.imageid)?;
        match (self.watchendpoint.as_str(), self.watchlistenaddr.as_str()) {
            ("", "") => Ok(()),
            (_, "") => Err(Invalid::param(
                "watchendpoint",
                "needs `watchlistenaddr`, too",
            )),
            ("", _) => Err(Invalid::param(
                "watchlistenaddr",
                "needs `watchendpoint`, too",
            )),
            (endpoint, listen) => {
                url_of("watchendpoint", endpoint, &["http", "https"])?;
                let is_port = |text: &str| text.parse::<u16>().is_ok();
                if is_port(listen) || split_host_port(listen).is_some_and(|(_, port)| is_port(port))
                {
                    return Ok(());
                }
                Err(Invalid::param(
                    "watchlistenaddr",
                    format!("must be a port, or an address with a port, not `{listen}`"),
                ))
            }
        }
    }
}

/// Words of letters with hyphens between them, and a number at the end.
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else {
        return false;
    };
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    number.parse::<u8>().is_ok() && words.contains('-') && words.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut AwsEc2)) -> Option<&'static str> {
        let mut instance = AwsEc2 {
            state: "running".to_owned(),
            region: "us-gov-west-1".to_owned(),
            r#type: "t3.micro".to_owned(),
            imageid: "ami-0".to_owned(),
            ..AwsEc2::default()
        };
        assert_eq!(instance.validate("a"), Ok(()));
        change(&mut instance);
        instance.validate("a").expect_err("is refused").param
    }

    #[test]
    fn an_instance_is_described() {
        assert_eq!(refused(|a| a.state.clear()), Some("state"));
        assert_eq!(refused(|a| a.region = "Europe".to_owned()), Some("region"));
        assert_eq!(refused(|a| a.r#type.clear()), Some("type"));
        assert_eq!(refused(|a| a.imageid.clear()), Some("imageid"));
        assert_eq!(
            refused(|a| a.watchendpoint = "http://a/".to_owned()),
            Some("watchendpoint")
        );
        let listens = |a: &mut AwsEc2| {
            a.watchendpoint = "http://a/".to_owned();
            a.watchlistenaddr = "a".to_owned();
        };
        assert_eq!(refused(listens), Some("watchlistenaddr"));
    }
}
