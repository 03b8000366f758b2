//! What an import's text means (language.md §5.1).

use std::path::{Path, PathBuf};

/// A parsed import name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportName {
    /// The alias that it gets without `as`.
    pub alias: String,
    /// What is imported.
    pub kind: ImportKind,
}

/// The four kinds of import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// A package of the library.
    System,
    /// A file, relative to the importing one.
    File(PathBuf),
    /// A directory, relative to the importing file.
    Directory(PathBuf),
    /// A module that is fetched with git.
    Remote {
        /// `HOST/PATH/`, relative to a modules directory.
        path: PathBuf,
        /// What git clones.
        url: String,
    },
}

impl ImportName {
    /// Parses the text between the quotes.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow "import `NAME` is not valid:".
    pub fn parse(name: &str) -> Result<Self, String> {
        if name.is_empty() {
            return Err("the name is empty".to_owned());
        }
        if name.starts_with('/') {
            return Err(
                "absolute paths are not allowed, only those relative to this file".to_owned(),
            );
        }
        if name.contains(char::is_control) {
            return Err("it has a control character in it".to_owned());
        }
        let url = name.split(['?', '#']).next().unwrap_or_default();
        let (host, path, scheme) = split_url(url)?;
        if path.is_empty() {
            return Err("it has no path after the host".to_owned());
        }
        let cleaned = clean(path);
        let trimmed = if path.len() > 1 {
            path.strip_suffix('/').unwrap_or(path)
        } else {
            path
        };
        if cleaned != trimmed {
            let slash = if path.ends_with('/') { "/" } else { "" };
            return Err(format!("write it as `{cleaned}{slash}`"));
        }
        let kind = if scheme {
            let path = format!(
                "{host}{}",
                if host.is_empty() {
                    path.trim_start_matches('/')
                } else {
                    path
                }
            );
            ImportKind::Remote {
                path: PathBuf::from(path),
                url: url.to_owned(),
            }
        } else if path.ends_with(".mcl") {
            ImportKind::File(PathBuf::from(path))
        } else if path.ends_with('/') {
            ImportKind::Directory(PathBuf::from(path))
        } else {
            ImportKind::System
        };
        let alias = default_alias(path, matches!(kind, ImportKind::File(_)))?;
        Ok(Self { alias, kind })
    }
}

/// Host without port, path, and whether there is a scheme.
fn split_url(url: &str) -> Result<(&str, &str, bool), String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Ok(("", url, false));
    };
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !valid {
        return Err(format!("it is not a valid url: `{scheme}` is no scheme"));
    }
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => host,
    };
    Ok((host, path, true))
}

/// The lexically shortest form: no `.`, no `//`, no `a/..`, no slash at the end.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
        (true, _) => format!("/{}", parts.join("/")),
    }
}

fn default_alias(path: &str, file: bool) -> Result<String, String> {
    let last = Path::new(path)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let last = if file {
        last.strip_suffix(".mcl").unwrap_or(&last).to_owned()
    } else {
        last
    };
    let short = last
        .strip_prefix("mgmt-")
        .filter(|rest| !rest.is_empty())
        .unwrap_or(&last);
    let alias = short.replace('-', "_").to_lowercase();
    if alias.starts_with('_') || alias.ends_with('_') {
        return Err("its last part would become the alias, and can't begin or end with a dash or underscore".to_owned());
    }
    Ok(alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str) -> (String, ImportKind) {
        let parsed = ImportName::parse(name).expect(name);
        (parsed.alias, parsed.kind)
    }

    #[test]
    fn kinds_and_aliases() {
        let remote = |path: &str, url: &str| ImportKind::Remote {
            path: path.into(),
            url: url.into(),
        };
        assert_eq!(parsed("fmt"), ("fmt".into(), ImportKind::System));
        assert_eq!(parsed("net/http"), ("http".into(), ImportKind::System));
        assert_eq!(
            parsed("web-site.mcl"),
            ("web_site".into(), ImportKind::File("web-site.mcl".into()))
        );
        assert_eq!(
            parsed("lib/dns.mcl"),
            ("dns".into(), ImportKind::File("lib/dns.mcl".into()))
        );
        assert_eq!(
            parsed("../a.mcl"),
            ("a".into(), ImportKind::File("../a.mcl".into()))
        );
        assert_eq!(
            parsed("mods/mgmt-ntp/"),
            ("ntp".into(), ImportKind::Directory("mods/mgmt-ntp/".into()))
        );
        assert_eq!(
            parsed("git://git.example.org/ops/mgmt-Web-Farm/?tag=v1"),
            (
                "web_farm".into(),
                remote(
                    "git.example.org/ops/mgmt-Web-Farm/",
                    "git://git.example.org/ops/mgmt-Web-Farm/"
                )
            )
        );
        assert_eq!(
            parsed("https://example.org:8443/x/y"),
            (
                "y".into(),
                remote("example.org/x/y", "https://example.org:8443/x/y")
            )
        );
        assert_eq!(
            parsed("git:///srv/git/mgmt-base/"),
            (
                "base".into(),
                remote("srv/git/mgmt-base/", "git:///srv/git/mgmt-base/")
            )
        );
    }

    #[test]
    fn what_is_refused() {
        for name in [
            "", "/a/", "./a.mcl", "a//b/", "a/../b/", "-a", "a-/", "https://", "1://x/y",
        ] {
            assert!(ImportName::parse(name).is_err(), "{name}");
        }
    }
}
