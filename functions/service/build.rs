//! Unpacks the two files of Swagger UI that the documentation needs.

use std::{env, error::Error, fs, io, path::Path};

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const FILES: [&str; 2] = ["swagger-ui-bundle.js", "swagger-ui.css"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var_os("OUT_DIR").ok_or("cargo gives no OUT_DIR")?;
    let mut archive = ZipArchive::new(io::Cursor::new(SWAGGER_UI_VENDORED))?;
    let names = archive.file_names().map(|name| name.map(Into::into)).collect::<Result<Vec<String>, _>>()?;
    for file in FILES {
        // `swagger-ui-5.32.6/dist/swagger-ui.css`: the folder changes with each release.
        let inside = |name: &&String| name.split_once('/').is_some_and(|(_, rest)| rest == format!("dist/{file}"));
        let name = names.iter().find(inside).ok_or("the archive of Swagger UI has another layout")?;
        let mut unpacked = fs::File::create(Path::new(&folder).join(file))?;
        io::copy(&mut archive.by_name(name)?, &mut unpacked)?;
    }
    Ok(())
}
