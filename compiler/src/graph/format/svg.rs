//! A drawing that browsers and editors show without help. Resources stand above those that wait for them; notifying
//! edges are thick, hidden resources dashed.

mod layout;

use std::fmt::Write;

use layout::{Size, layout};

use crate::graph::ResourceGraph;

/// The width of a character in the font that is asked for, in pixels.
const CHARACTER: f64 = 7.3;

/// The height of a box.
const HEIGHT: f64 = 30.0;

/// More of a name than this is not shown in its box.
const MOST: usize = 48;

/// What is left free around everything.
const MARGIN: f64 = 16.0;

const HEAD: &str = r##"<style>
text { font: 12px monospace; fill: #1b1f24; text-anchor: middle; dominant-baseline: central }
rect { fill: #f6f8fa; stroke: #57606a; rx: 4px }
.back { fill: #ffffff; stroke: none; rx: 0 }
.hidden { stroke-dasharray: 5 3 }
path { fill: none; stroke: #57606a; marker-end: url(#arrow) }
.notify { stroke-width: 2.5px }
.label { fill: #57606a; stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
</style>
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M 0 0 L 10 5 L 0 10 z" style="fill: #57606a; stroke: none; marker-end: none"/></marker></defs>
"##;

pub(super) fn format(graph: &ResourceGraph) -> String {
    let resources = super::resources(graph);
    let lines = super::edges(graph, &resources);
    let names: Vec<String> = resources
        .iter()
        .map(|(_, resource)| resource.identity.to_string())
        .collect();
    let sizes: Vec<Size> = names
        .iter()
        .map(|name| Size {
            width: shown(name).chars().count() as f64 * CHARACTER + 20.0,
            height: HEIGHT,
        })
        .collect();
    let ends: Vec<(usize, usize)> = lines.iter().map(|line| (line.from, line.to)).collect();
    let drawn = layout(&sizes, &ends);
    let (width, height) = (
        drawn.size.width + 2.0 * MARGIN,
        drawn.size.height + 2.0 * MARGIN,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"{0:.0} {0:.0} {width:.0} {height:.0}\">\n{HEAD}",
        -MARGIN
    );
    let _ = writeln!(
        out,
        "<rect class=\"back\" x=\"{0:.0}\" y=\"{0:.0}\" width=\"{width:.0}\" height=\"{height:.0}\"/>",
        -MARGIN
    );
    let mut labels = String::new();
    for (line, way) in lines.iter().zip(&drawn.ways) {
        let class = if line.edge.notify {
            " class=\"notify\""
        } else {
            ""
        };
        let title = format!("{} → {}", names[line.from], names[line.to]);
        let _ = writeln!(
            out,
            "<path{class} d=\"{}\"><title>{}</title></path>",
            curve(way),
            escape(&title)
        );
        if let (Some(label), Some(middle)) = (line.label("→"), middle(way)) {
            let _ = writeln!(
                labels,
                "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                middle.0,
                middle.1,
                escape(&label)
            );
        }
    }
    for (at, name) in names.iter().enumerate() {
        let (x, y) = drawn.centres[at];
        let Size { width, height } = sizes[at];
        let class = if resources[at].1.meta.hidden {
            " class=\"hidden\""
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<g><title>{}</title><rect{class} x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/><text x=\"{x:.1}\" y=\"{y:.1}\">{}</text></g>",
            escape(name),
            x - width / 2.0,
            y - height / 2.0,
            escape(&shown(name))
        );
    }
    out.push_str(&labels);
    out.push_str("</svg>\n");
    out
}

/// A name on one line, without its middle if it is long.
fn shown(name: &str) -> String {
    let characters: Vec<char> = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if characters.len() <= MOST {
        return characters.into_iter().collect();
    }
    let half = (MOST - 1) / 2;
    let (start, end) = (&characters[..half], &characters[characters.len() - half..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// A line through points that goes down at each of them.
fn curve(way: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in way.iter().enumerate() {
        match at.checked_sub(1).map(|before| way[before]) {
            None => {
                let _ = write!(path, "M {x:.1} {y:.1}");
            }
            Some((from_x, from_y)) => {
                let bend = (from_y + y) / 2.0;
                let _ = write!(
                    path,
                    " C {from_x:.1} {bend:.1} {x:.1} {bend:.1} {x:.1} {y:.1}"
                );
            }
        }
    }
    path
}

fn middle(way: &[(f64, f64)]) -> Option<(f64, f64)> {
    let at = way.len().checked_sub(2)? / 2;
    let (from, to) = (way[at], way[at + 1]);
    Some(((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no other control characters, escaped or not.
            '\t' | '\n' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_ends() {
        let name = format!("file[/{}/end]", "x".repeat(100));
        assert_eq!(shown(&name).chars().count(), MOST - 1);
        assert!(shown(&name).starts_with("file[/") && shown(&name).ends_with("/end]"));
        assert_eq!(shown("a\nb"), "a b");
    }

    #[test]
    fn text_is_text() {
        assert_eq!(
            escape("<a & \"b\">\u{7}"),
            "&lt;a &amp; &quot;b&quot;&gt;\u{fffd}"
        );
    }
}
