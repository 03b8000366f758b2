//! `datetime`: the clock and what it shows (functions.md §5).

mod layout;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Weekday;

use crate::catalog::{CallError, FunctionDef, Host, Wake};
use crate::value::Value;

use super::declare::{sampler, snapshot, source};
use layout::LocalTime;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "datetime.format",
            "func(a int, b str) str",
            "A time, in seconds since 1970, written like an example: the second argument shows how Monday 2 \
             January 2006, 15:04:05, in the zone MST (-0700) would be written, such as `2006-01-02 15:04`.",
            sampler!(format(a, b)),
        ),
        snapshot(
            "datetime.hour",
            "func(a int) int",
            "The hour, from 0 to 23, of a time in seconds since 1970.",
            sampler!(hour(a)),
        ),
        source(
            "datetime.now",
            "func() int",
            "The present time in seconds since 1970. It wakes each second.",
            sampler!(now(), each_second),
        ),
        snapshot(
            "datetime.print",
            "func(a int) str",
            "A time in seconds since 1970 as text, such as `2023-11-14 22:13:20 +0000 UTC`.",
            sampler!(print(a)),
        ),
        source(
            "datetime.str_now",
            "func() str",
            "The present time in seconds since 1970, as text. It wakes each second.",
            sampler!(str_now(), each_second),
        ),
        snapshot(
            "datetime.weekday",
            "func(a int) str",
            "The day of the week, in lower case, of a time in seconds since 1970.",
            sampler!(weekday(a)),
        ),
        source(
            "datetime.weekday_fast",
            "func() str",
            "The present day of the week, in lower case. It wakes at midnight alone.",
            sampler!(weekday_fast(), each_midnight),
        ),
    ]
}

fn each_second(_: &[Value]) -> Vec<Wake> {
    vec![Wake::Clock(Duration::from_secs(1))]
}

fn each_midnight(_: &[Value]) -> Vec<Wake> {
    vec![Wake::Midnight]
}

/// The calendar, days of the week included, repeats after so many seconds ...
const CYCLE: i64 = 146_097 * 24 * 60 * 60;
/// ... which are so many years.
const CYCLE_YEARS: i64 = 400;

/// The local time that is so many seconds after the start of 1970.
fn local(host: &dyn Host, seconds: i64) -> Result<LocalTime, CallError> {
    if seconds < 0 {
        return Err(CallError::fatal("epoch delta must be positive"));
    }
    // The calendar in use ends with the year 9999.
    let beyond = (seconds - Timestamp::MAX.as_second()).max(0);
    let cycles = beyond / CYCLE + i64::from(beyond % CYCLE > 0);
    let timestamp = Timestamp::from_second(seconds - cycles * CYCLE)
        .map_err(|error| CallError::fatal(error.to_string()))?;
    Ok(LocalTime {
        zoned: timestamp.to_zoned(host.time_zone()),
        more_years: cycles * CYCLE_YEARS,
    })
}

fn format(host: &dyn Host, a: i64, b: &[u8]) -> Result<Vec<u8>, CallError> {
    Ok(layout::format(&local(host, a)?, b))
}

fn hour(host: &dyn Host, a: i64) -> Result<i64, CallError> {
    Ok(local(host, a)?.zoned.hour().into())
}

fn now(host: &dyn Host) -> i64 {
    host.now().as_second()
}

fn print(host: &dyn Host, a: i64) -> Result<Vec<u8>, CallError> {
    format(host, a, b"2006-01-02 15:04:05 -0700 MST")
}

fn str_now(host: &dyn Host) -> String {
    now(host).to_string()
}

fn weekday(host: &dyn Host, a: i64) -> Result<&'static str, CallError> {
    Ok(lower_name(local(host, a)?.zoned.weekday()))
}

fn weekday_fast(host: &dyn Host) -> &'static str {
    lower_name(host.now().to_zoned(host.time_zone()).weekday())
}

fn lower_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "sunday",
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, call_on, fatal, sample};
    use super::*;
    use jiff::tz::{Offset, TimeZone};

    #[test]
    fn times_are_local() {
        let host = TestHost {
            time_zone: TimeZone::fixed(Offset::constant(-5)),
            now: Timestamp::constant(1_700_000_000, 0),
            ..TestHost::default()
        };
        let of = |name, seconds: i64| call_on(&host, name, &[seconds.into()]).unwrap();
        assert_eq!(of("datetime.hour", 0), Value::Int(19));
        assert_eq!(of("datetime.weekday", 0), "wednesday".into());
        assert_eq!(
            call_on(&host, "datetime.weekday_fast", &[]),
            Ok("tuesday".into())
        );
        assert_eq!(
            call_on(&host, "datetime.now", &[]),
            Ok(Value::Int(1_700_000_000))
        );
        assert_eq!(
            call_on(&host, "datetime.str_now", &[]),
            Ok("1700000000".into())
        );
    }

    #[test]
    fn every_day_and_hour() {
        let days = [
            "thursday",
            "friday",
            "saturday",
            "sunday",
            "monday",
            "tuesday",
            "wednesday",
        ];
        for (day, name) in (0..).zip(days) {
            let second: i64 = day * 86_400 + day * 3600;
            let weekday = call("datetime.weekday", &[second.into()]);
            assert_eq!(weekday, Ok(name.into()));
            let hour = call("datetime.hour", &[second.into()]);
            assert_eq!(hour, Ok(Value::Int(day)));
        }
        let last = call("datetime.hour", &[86_399.into()]);
        assert_eq!(last, Ok(Value::Int(23)));
    }

    #[test]
    fn clocks_are_changed_where_they_are() {
        let host = TestHost {
            time_zone: TimeZone::get("Europe/Berlin").unwrap(),
            ..TestHost::default()
        };
        for (seconds, text) in [
            (1_711_846_799, "2024-03-31 01:59:59 +0100 CET"),
            (1_711_846_800, "2024-03-31 03:00:00 +0200 CEST"),
            (1_729_990_800, "2024-10-27 02:00:00 +0100 CET"),
        ] {
            let print = call_on(&host, "datetime.print", &[Value::Int(seconds)]);
            assert_eq!(print, Ok(text.into()));
        }
    }

    #[test]
    fn prints_a_time_in_full() {
        assert_eq!(
            call("datetime.print", &[1_700_000_000.into()]),
            Ok("2023-11-14 22:13:20 +0000 UTC".into())
        );
    }

    #[test]
    fn times_before_1970_end_the_program() {
        for seconds in [-1, i64::MIN] {
            for name in ["datetime.hour", "datetime.print", "datetime.weekday"] {
                let failed = fatal(call(name, &[seconds.into()]));
                assert_eq!(failed, "epoch delta must be positive", "{name}");
            }
            let failed = fatal(call("datetime.format", &[seconds.into(), "".into()]));
            assert_eq!(failed, "epoch delta must be positive");
        }
    }

    #[test]
    fn years_do_not_end_with_9999() {
        let host = TestHost {
            time_zone: TimeZone::get("America/New_York").unwrap(),
            ..TestHost::default()
        };
        for (seconds, text, day) in [
            (253_402_300_799, "9999-12-31 18:59:59 -0500 EST", "friday"),
            (
                253_402_318_800,
                "10000-01-01 00:00:00 -0500 EST",
                "saturday",
            ),
            (268_000_000_000, "10462-07-31 16:26:40 -0400 EDT", "monday"),
            (i64::MAX, "292277026596-12-04 10:30:07 -0500 EST", "sunday"),
        ] {
            let print = call_on(&host, "datetime.print", &[seconds.into()]);
            assert_eq!(print, Ok(text.into()));
            let weekday = call_on(&host, "datetime.weekday", &[seconds.into()]);
            assert_eq!(weekday, Ok(day.into()), "{text}");
        }
        let year = call(
            "datetime.format",
            &[253_402_300_800i64.into(), "06 2006".into()],
        );
        assert_eq!(year, Ok("00 10000".into()));
    }

    #[test]
    fn the_clock_wakes_what_shows_it() {
        assert_eq!(
            sample("datetime.now").wake(&[]),
            [Wake::Clock(Duration::from_secs(1))]
        );
        assert_eq!(
            sample("datetime.str_now").wake(&[]),
            [Wake::Clock(Duration::from_secs(1))]
        );
        assert_eq!(sample("datetime.weekday_fast").wake(&[]), [Wake::Midnight]);
        assert!(sample("datetime.hour").wake(&[0.into()]).is_empty());
    }
}
