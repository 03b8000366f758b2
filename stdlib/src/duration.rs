//! Spans of time as text: `90s`, `1h30m`, `1.5ms` (resources-services.md S-5.1).

use std::time::Duration;

/// The units with their lengths in nanoseconds. A unit stands before those that it begins with.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// The span of time; nothing if the text is none, or a negative one. A lone `0` needs no unit.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let (unit, length) = UNITS
            .into_iter()
            .find(|(unit, _)| rest[end..].starts_with(unit))?;
        total += number * length;
        rest = &rest[end + unit.len()..];
    }
    Duration::try_from_secs_f64(total / 1e9).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_units() {
        let seconds = |text| parse(text).map(|span| span.as_secs_f64());
        assert_eq!(seconds("0"), Some(0.0));
        assert_eq!(seconds("90s"), Some(90.0));
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("1.5ms"), Some(0.0015));
        assert_eq!(seconds("2us"), Some(0.000_002));
        for text in ["", "1", "s", "-1s", "1x", "1.2.3s", "1 s", "."] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_minute_is_sixty_seconds() {
        assert_eq!(parse("60s"), parse("1m"));
    }
}
