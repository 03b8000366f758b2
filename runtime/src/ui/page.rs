//! The files of the page. They are part of the binary, and none is made or fetched when it runs.

use axum::Router;
use axum::http::header;
use axum::routing::get;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($(($path:literal, $kind:expr, $file:literal)),* $(,)?) => {
        &[$(($path, $kind, include_str!(concat!("page/", $file)))),*]
    };
}

/// Path, type and content.
const FILES: &[(&str, &str, &str)] = files![
    ("/", HTML, "index.html"),
    ("/style.css", CSS, "style.css"),
    ("/icon.svg", SVG, "icon.svg"),
    ("/app.js", SCRIPT, "app.js"),
    ("/store.js", SCRIPT, "store.js"),
    ("/theme.js", SCRIPT, "theme.js"),
    ("/words.js", SCRIPT, "words.js"),
    ("/list.js", SCRIPT, "list.js"),
    ("/detail.js", SCRIPT, "detail.js"),
    ("/log.js", SCRIPT, "log.js"),
    ("/graph.js", SCRIPT, "graph.js"),
    ("/scene.js", SCRIPT, "scene.js"),
    ("/layouts.js", SCRIPT, "layouts.js"),
    ("/layout.js", SCRIPT, "layout.js"),
    ("/box.js", SCRIPT, "box.js"),
];

pub(super) fn router() -> Router {
    FILES
        .iter()
        .fold(Router::new(), |router, (path, kind, text)| {
            // An agent of another version has other files.
            let headers = [
                (header::CACHE_CONTROL, "no-cache"),
                (header::CONTENT_TYPE, *kind),
            ];
            router.route(path, get((headers, *text)))
        })
}
