//! Times written like an example of 2 January 2006, 15:04:05 (functions.md §5.6).

use std::io::Write;

use jiff::Zoned;

/// A time of day somewhere, in whatever year.
pub(super) struct LocalTime {
    /// The time, in a year that the calendar in use knows.
    pub(super) zoned: Zoned,
    /// What is to be added to its year.
    pub(super) more_years: i64,
}

/// What a piece of a layout stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Year,
    YearOfCentury,
    MonthName,
    MonthAbbreviation,
    /// A number and how it is padded to the width.
    Number(Number, Pad),
    WeekdayName,
    WeekdayAbbreviation,
    UpperHalf,
    LowerHalf,
    ZoneAbbreviation,
    Offset {
        /// Whether an offset of zero is written `Z`.
        z: bool,
        colon: bool,
        fields: OffsetFields,
    },
    /// So many digits of a fraction, all of them zero.
    Fraction {
        separator: u8,
        digits: usize,
    },
    /// A fraction without trailing zeros, which is empty.
    NoFraction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Month,
    Day,
    DayOfYear,
    Hour,
    HalfDayHour,
    Minute,
    Second,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pad {
    None,
    Space,
    Zero,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum OffsetFields {
    Hours,
    Minutes,
    Seconds,
}

/// Writes a time like the example that the layout is.
pub(super) fn format(time: &LocalTime, layout: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut rest = layout;
    while let Some(first) = rest.first() {
        match piece(rest) {
            Some((piece, len)) => {
                write_piece(&mut out, piece, time);
                rest = &rest[len..];
            }
            None => {
                out.push(*first);
                rest = &rest[1..];
            }
        }
    }
    out
}

/// The piece that a layout starts with, and its length.
fn piece(layout: &[u8]) -> Option<(Piece, usize)> {
    let word = |text: &str| layout.starts_with(text.as_bytes());
    // `Jan` and `Mon` are not the start of another word.
    let alone = |text: &str| word(text) && !layout.get(3).is_some_and(u8::is_ascii_lowercase);
    let number = |number, pad, len| Some((Piece::Number(number, pad), len));
    match layout.first()? {
        b'J' if word("January") => Some((Piece::MonthName, 7)),
        b'J' if alone("Jan") => Some((Piece::MonthAbbreviation, 3)),
        b'M' if word("Monday") => Some((Piece::WeekdayName, 6)),
        b'M' if alone("Mon") => Some((Piece::WeekdayAbbreviation, 3)),
        b'M' if word("MST") => Some((Piece::ZoneAbbreviation, 3)),
        b'0' => match layout.get(1)? {
            b'1' => number(Number::Month, Pad::Zero, 2),
            b'2' => number(Number::Day, Pad::Zero, 2),
            b'3' => number(Number::HalfDayHour, Pad::Zero, 2),
            b'4' => number(Number::Minute, Pad::Zero, 2),
            b'5' => number(Number::Second, Pad::Zero, 2),
            b'6' => Some((Piece::YearOfCentury, 2)),
            b'0' if word("002") => number(Number::DayOfYear, Pad::Zero, 3),
            _ => None,
        },
        b'1' if word("15") => number(Number::Hour, Pad::Zero, 2),
        b'1' => number(Number::Month, Pad::None, 1),
        b'2' if word("2006") => Some((Piece::Year, 4)),
        b'2' => number(Number::Day, Pad::None, 1),
        // The underscore is text; what follows is found next.
        b'_' if word("_2006") => None,
        b'_' if word("__2") => number(Number::DayOfYear, Pad::Space, 3),
        b'_' if word("_2") => number(Number::Day, Pad::Space, 2),
        b'3' => number(Number::HalfDayHour, Pad::None, 1),
        b'4' => number(Number::Minute, Pad::None, 1),
        b'5' => number(Number::Second, Pad::None, 1),
        b'P' if word("PM") => Some((Piece::UpperHalf, 2)),
        b'p' if word("pm") => Some((Piece::LowerHalf, 2)),
        b'-' | b'Z' => offset(layout),
        b'.' | b',' => fraction(layout),
        _ => None,
    }
}

fn offset(layout: &[u8]) -> Option<(Piece, usize)> {
    // Longer ones first, since each starts with a shorter one.
    const FORMS: [(&[u8], bool, OffsetFields); 5] = [
        (b"070000", false, OffsetFields::Seconds),
        (b"07:00:00", true, OffsetFields::Seconds),
        (b"0700", false, OffsetFields::Minutes),
        (b"07:00", true, OffsetFields::Minutes),
        (b"07", false, OffsetFields::Hours),
    ];
    let (sign, rest) = layout.split_first()?;
    let (form, colon, fields) = FORMS.iter().find(|(form, ..)| rest.starts_with(form))?;
    let z = *sign == b'Z';
    let piece = Piece::Offset {
        z,
        colon: *colon,
        fields: *fields,
    };
    Some((piece, form.len() + 1))
}

fn fraction(layout: &[u8]) -> Option<(Piece, usize)> {
    let (separator, rest) = layout.split_first()?;
    let digit = rest.first().filter(|digit| matches!(digit, b'0' | b'9'))?;
    let digits = rest.iter().take_while(|byte| *byte == digit).count();
    if rest.get(digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let piece = match digit {
        b'0' => Piece::Fraction {
            separator: *separator,
            digits,
        },
        _ => Piece::NoFraction,
    };
    Some((piece, digits + 1))
}

fn write_piece(out: &mut Vec<u8>, piece: Piece, local: &LocalTime) {
    let time = &local.zoned;
    let year = i64::from(time.year()) + local.more_years;
    // Writing to a vector never fails.
    let _ = match piece {
        Piece::Year => write!(out, "{year:04}"),
        Piece::YearOfCentury => write!(out, "{:02}", year.rem_euclid(100)),
        Piece::MonthName => write!(out, "{}", time.strftime("%B")),
        Piece::MonthAbbreviation => write!(out, "{}", time.strftime("%b")),
        Piece::WeekdayName => write!(out, "{}", time.strftime("%A")),
        Piece::WeekdayAbbreviation => write!(out, "{}", time.strftime("%a")),
        Piece::UpperHalf => write!(out, "{}", if time.hour() < 12 { "AM" } else { "PM" }),
        Piece::LowerHalf => write!(out, "{}", if time.hour() < 12 { "am" } else { "pm" }),
        Piece::ZoneAbbreviation => {
            let info = time.time_zone().to_offset_info(time.timestamp());
            write!(out, "{}", info.abbreviation())
        }
        Piece::Number(number, pad) => write_number(out, number, pad, time),
        Piece::Offset { z, colon, fields } => {
            write_offset(out, time.offset().seconds(), z, colon, fields)
        }
        Piece::Fraction { separator, digits } => {
            out.push(separator);
            out.resize(out.len() + digits, b'0');
            Ok(())
        }
        Piece::NoFraction => Ok(()),
    };
}

fn write_number(out: &mut Vec<u8>, number: Number, pad: Pad, time: &Zoned) -> std::io::Result<()> {
    let value = match number {
        Number::Month => i16::from(time.month()),
        Number::Day => time.day().into(),
        Number::DayOfYear => time.day_of_year(),
        Number::Hour => time.hour().into(),
        Number::HalfDayHour => match time.hour() % 12 {
            0 => 12,
            hour => hour.into(),
        },
        Number::Minute => time.minute().into(),
        Number::Second => time.second().into(),
    };
    let width = if number == Number::DayOfYear { 3 } else { 2 };
    match pad {
        Pad::None => write!(out, "{value}"),
        Pad::Space => write!(out, "{value:width$}"),
        Pad::Zero => write!(out, "{value:0width$}"),
    }
}

fn write_offset(
    out: &mut Vec<u8>,
    seconds: i32,
    z: bool,
    colon: bool,
    fields: OffsetFields,
) -> std::io::Result<()> {
    if z && seconds == 0 {
        out.push(b'Z');
        return Ok(());
    }
    let colon = if colon { ":" } else { "" };
    let size = seconds.unsigned_abs();
    write!(
        out,
        "{}{:02}",
        if seconds < 0 { '-' } else { '+' },
        size / 3600
    )?;
    if fields >= OffsetFields::Minutes {
        write!(out, "{colon}{:02}", size / 60 % 60)?;
    }
    if fields >= OffsetFields::Seconds {
        write!(out, "{colon}{:02}", size % 60)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::tz::{Offset, TimeZone};
    use proptest::prelude::*;

    fn at(seconds: i64, zone: TimeZone, layout: &str) -> String {
        let time = LocalTime {
            zoned: Timestamp::from_second(seconds).unwrap().to_zoned(zone),
            more_years: 0,
        };
        String::from_utf8(format(&time, layout.as_bytes())).unwrap()
    }

    #[test]
    fn epoch_zero() {
        for (layout, text) in [
            ("Mon Jan _2 15:04:05 2006", "Thu Jan  1 00:00:00 1970"),
            ("2006-01-02T15:04:05Z07:00", "1970-01-01T00:00:00Z"),
            ("3:04PM", "12:00AM"),
            ("03 pm", "12 am"),
            ("06/1/2 002 __2", "70/1/1 001   1"),
            ("Monday, January MST", "Thursday, January UTC"),
            ("", ""),
            ("%Y", "%Y"),
        ] {
            assert_eq!(at(0, TimeZone::UTC, layout), text);
        }
    }

    #[test]
    fn every_piece_of_a_late_hour() {
        let zone = TimeZone::get("America/St_Johns").unwrap();
        // 2008-12-31 13:04:09 there, the last day of a leap year.
        for (layout, text) in [
            ("2006 06", "2008 08"),
            ("January Jan 1 01", "December Dec 12 12"),
            ("2 _2 02 __2 002", "31 31 31 366 366"),
            ("Monday Mon", "Wednesday Wed"),
            ("15 3 03 4 04 5 05", "13 1 01 4 04 9 09"),
            ("3:04PM 3:04pm", "1:04PM 1:04pm"),
            ("MST -0700 -07 -07:00", "NST -0330 -03 -03:30"),
            ("Z07:00 Z07 Z070000", "-03:30 -03 -033000"),
            ("20060102150405", "20081231130409"),
            (
                "Mon, 02 Jan 2006 15:04:05 MST",
                "Wed, 31 Dec 2008 13:04:09 NST",
            ),
            ("0 00 07 08 6 7 8 9", "0 00 07 08 6 7 8 9"),
            (
                "1504 Janus Monte Z Z08 -0800",
                "1304 Janus Monte Z Z08 -0800",
            ),
            ("05.0001 .0a .00:", "09.0012 .0a .00:"),
        ] {
            assert_eq!(at(1_230_741_249, zone.clone(), layout), text, "{layout}");
        }
    }

    #[test]
    fn the_hours_of_half_a_day() {
        for (hour, text) in [
            (0, "12AM"),
            (1, "1AM"),
            (11, "11AM"),
            (12, "12PM"),
            (13, "1PM"),
            (23, "11PM"),
        ] {
            assert_eq!(at(hour * 3600, TimeZone::UTC, "3PM"), text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_copied() {
        let time = LocalTime {
            zoned: Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC),
            more_years: 0,
        };
        assert_eq!(format(&time, b"\xff06\xc3"), b"\xff70\xc3");
    }

    proptest! {
        #[test]
        fn a_time_in_full_reads_back(seconds in 0..Timestamp::MAX.as_second(), offset in -93_599..=93_599) {
            let zone = TimeZone::fixed(Offset::from_seconds(offset).unwrap());
            let text = at(seconds, zone, "2006-01-02T15:04:05-07:00:00");
            let back: Timestamp = text.parse().unwrap();
            prop_assert_eq!(back.as_second(), seconds, "{}", text);
        }
    }

    #[test]
    fn words_that_only_start_like_a_name_are_text() {
        assert_eq!(
            at(0, TimeZone::UTC, "Janet Month Jan. MonX"),
            "Janet Month Jan. ThuX"
        );
    }

    #[test]
    fn an_underscore_before_the_year_is_text() {
        assert_eq!(at(0, TimeZone::UTC, "_2006 _2x"), "_1970  1x");
    }

    #[test]
    fn fractions_are_zero() {
        for (layout, text) in [
            ("05.000", "00.000"),
            ("05,99", "00"),
            ("05.0007", "00.0007"),
            ("05.x", "00.x"),
        ] {
            assert_eq!(at(0, TimeZone::UTC, layout), text);
        }
    }

    #[test]
    fn offsets() {
        let zone = TimeZone::fixed(Offset::from_seconds(-(5 * 3600 + 30 * 60 + 7)).unwrap());
        for (layout, text) in [
            ("-0700", "-0530"),
            ("-07:00", "-05:30"),
            ("-07", "-05"),
            ("-070000", "-053007"),
            ("-07:00:00", "-05:30:07"),
            ("Z0700", "-0530"),
        ] {
            assert_eq!(at(0, zone.clone(), layout), text);
        }
        for layout in ["Z0700", "Z07:00", "Z07", "Z070000", "Z07:00:00"] {
            assert_eq!(at(0, TimeZone::UTC, layout), "Z");
        }
        assert_eq!(at(0, TimeZone::UTC, "-0700"), "+0000");
    }
}
