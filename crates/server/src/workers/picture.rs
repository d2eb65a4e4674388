//! A picture that a stranger chose, read within limits and written anew: what reaches a browser is our own PNG.

use std::io::Cursor;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

/// Width and height of what is shown, at most, in pixels.
const SHOWN_PIXELS: u32 = 128;

/// Width and height of what is read, at most, in pixels.
const MOST_PIXELS: u32 = 2_048;

/// The memory that reading one may take, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The format of a content type; none if pictures of it are not read. SVG is a program, not a picture.
pub fn format_of(content_type: &str) -> Option<ImageFormat> {
    match content_type {
        "image/png" => Some(ImageFormat::Png),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// The picture as PNG, no larger than it is shown. Of a picture that moves, the first frame.
///
/// # Errors
///
/// It is no picture of this format, or a larger one than is read.
pub fn redrawn(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, ImageError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let picture = reader.decode()?;
    let fits = picture.width() <= SHOWN_PIXELS && picture.height() <= SHOWN_PIXELS;
    let picture = if fits { picture } else { picture.thumbnail(SHOWN_PIXELS, SHOWN_PIXELS) };
    let mut png = Cursor::new(Vec::new());
    DynamicImage::from(picture.to_rgba8()).write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn each_format_becomes_a_png_that_keeps_its_shape_and_is_small() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            for ((width, height), expected) in
                [((64, 32), (64, 32)), ((512, 256), (128, 64)), ((2_048, 1), (128, 1)), ((1, 1), (1, 1))]
            {
                let png = redrawn(&drawn(width, height, format), format).unwrap();
                let read = image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap();
                assert_eq!((read.width(), read.height()), expected, "{format:?}");
                assert!(png.len() <= 256 * 1024);
            }
        }
    }

    #[test]
    fn what_is_too_large_or_no_picture_of_its_type_is_refused() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            assert!(redrawn(&drawn(2_049, 1, format), format).is_err(), "{format:?}");
            assert!(redrawn(b"just a text", format).is_err());
            assert!(redrawn(b"", format).is_err());
        }
        let png = drawn(64, 64, ImageFormat::Png);
        assert!(redrawn(&png, ImageFormat::Jpeg).is_err());
        assert!(redrawn(&png[..png.len() / 2], ImageFormat::Png).is_err());
    }

    #[test]
    fn three_content_types_are_read() {
        for content_type in ["image/png", "image/jpeg", "image/webp"] {
            assert!(format_of(content_type).is_some());
        }
        for content_type in ["image/svg+xml", "image/gif", "text/html", "application/octet-stream", ""] {
            assert!(format_of(content_type).is_none(), "{content_type}");
        }
    }
}
