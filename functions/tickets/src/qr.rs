//! Draws a ticket's token as a QR code (ISO/IEC 18004), at error correction level M: 15 % of it may be dirt.

use app::{Error, ticket_view::Image};
use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode, render::svg};

/// Light modules around the code on every side; the standard asks for four.
const QUIET: usize = 4;
/// Dark and light as rows of eight pixels. **A module is eight pixels wide, so that it is one byte of a row of bits.**
const DARK: u8 = 0x00;
const LIGHT: u8 = 0xff;
/// Pixels of a module's side.
const SIDE: usize = 8;

/// Draws a token.
pub(crate) fn draw(token: &str, image: Image) -> Result<Vec<u8>, Error> {
    let code = QrCode::with_error_correction_level(token, EcLevel::M).map_err(Error::internal)?;
    match image {
        Image::Png => png(&code),
        Image::Svg => Ok(svg(&code).into_bytes()),
    }
}

fn png(code: &QrCode) -> Result<Vec<u8>, Error> {
    let modules = code.width() + 2 * QUIET;
    let pixels = u32::try_from(modules * SIDE).map_err(Error::internal)?;
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pixels, pixels);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header().map_err(Error::internal)?;
    writer.write_image_data(&rows(code, modules)).map_err(Error::internal)?;
    writer.finish().map_err(Error::internal)?;
    Ok(file)
}

/// The pixels, row after row, `modules` bytes each.
fn rows(code: &QrCode, modules: usize) -> Vec<u8> {
    let mut rows = vec![LIGHT; modules * modules * SIDE];
    for (place, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (column, row) = (QUIET + place % code.width(), QUIET + place / code.width());
            for line in row * SIDE..(row + 1) * SIDE {
                rows[line * modules + column] = DARK;
            }
        }
    }
    rows
}

fn svg(code: &QrCode) -> String {
    let side = u32::try_from(SIDE).unwrap_or(1);
    code.render::<svg::Color<'_>>().quiet_zone(true).module_dimensions(side, side).build()
}

#[cfg(test)]
mod tests {
    use std::{
        env, fs, io,
        process::{self, Command},
    };

    use super::*;

    /// As long as a ticket's, and of the alphabet of base45.
    fn token() -> String {
        "W50 $%*+-./:ABCDEFGHIJKLMNOPQRSTUVXYZ12346789".chars().cycle().take(131).collect()
    }

    #[test]
    fn a_ticket_is_a_version_6_code() {
        let code = QrCode::with_error_correction_level(token(), EcLevel::M).unwrap();
        assert_eq!(code.version(), qrcode::Version::Normal(6));
    }

    #[test]
    fn the_picture_has_every_module_and_a_quiet_zone() {
        let file = draw(&token(), Image::Png).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(&file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (392, 392));
        assert_eq!((info.color_type, info.bit_depth), (ColorType::Grayscale, BitDepth::One));

        let code = QrCode::with_error_correction_level(token(), EcLevel::M).unwrap();
        let is_dark = |x: usize, y: usize| {
            let inside = QUIET..QUIET + code.width();
            inside.contains(&x) && inside.contains(&y) && code[(x - QUIET, y - QUIET)] == Color::Dark
        };
        for y in 0..392 {
            for x in 0..392 {
                let bit = pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1;
                assert_eq!(bit == 0, is_dark(x / SIDE, y / SIDE), "pixel {x}, {y}");
            }
        }
    }

    #[test]
    fn the_drawing_has_the_same_size() {
        let drawing = String::from_utf8(draw(&token(), Image::Svg).unwrap()).unwrap();
        assert!(drawing.contains(r#"viewBox="0 0 392 392""#), "{drawing:.200}");
        assert!(drawing.ends_with("</svg>"));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(draw(&"A".repeat(10_000), Image::Png).is_err());
    }

    /// Another program reads what was drawn, where there is one.
    #[test]
    #[expect(clippy::print_stderr, reason = "says that nothing was compared")]
    fn a_scanner_reads_the_token() {
        let path = env::temp_dir().join(format!("onsale-qr-{}.png", process::id()));
        fs::write(&path, draw(&token(), Image::Png).unwrap()).unwrap();
        let read =
            Command::new("zbarimg").args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(&path).output();
        fs::remove_file(&path).unwrap();
        match read {
            Ok(output) => assert_eq!(String::from_utf8(output.stdout).unwrap(), token() + "\n"),
            Err(error) => eprintln!("skipped: zbarimg: {error}"),
        }
    }
}
