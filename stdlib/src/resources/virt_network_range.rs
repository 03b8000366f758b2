//! `virt:network:range`: addresses for hosts of a virtual network (resources-services.md S-8.5).

use crate::resource::check::net::ipv4_address;
use crate::resource::check::required;
use crate::resource::{Invalid, Params, Validate};

/// Gives the addresses of a range to hosts that no `virt:network:host` knows, as part of a `virt:network`; the
/// name is free.
///
/// ```mcl
/// virt:network "lab" {
///     mac => "52:54:00:12:34:56",
///     ip => "10.77.0.1/24",
/// }
/// virt:network:range "guests" {
///     start => "10.77.0.100",
///     end => "10.77.0.200",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(
    kind = "virt:network:range",
    groupable,
    inside("virt:network", network)
)]
pub struct VirtNetworkRange {
    /// The name of the `virt:network`; any one if it is left out.
    pub network: String,
    /// The first address; must be given.
    pub start: String,
    /// The last address; must be given.
    pub end: String,
}

impl Validate for VirtNetworkRange {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        required("start", &self.start)?;
        let start = ipv4_address("start", &self.start)?;
        required("end", &self.end)?;
        let end = ipv4_address("end", &self.end)?;
        if start > end {
            return Err(Invalid::param(
                "end",
                format!("must not be below `start`: {end} is below {start}"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_goes_upwards() {
        let range = |start: &str, end: &str| {
            VirtNetworkRange {
                network: String::new(),
                start: start.to_owned(),
                end: end.to_owned(),
            }
            .validate("a")
            .map_err(|invalid| invalid.param)
        };
        assert_eq!(range("10.0.0.5", "10.0.0.5"), Ok(()));
        assert_eq!(range("10.0.0.10", "10.0.0.9"), Err(Some("end")));
        assert_eq!(range("10.0.0.10", ""), Err(Some("end")));
        assert_eq!(range("", "10.0.0.9"), Err(Some("start")));
    }
}
