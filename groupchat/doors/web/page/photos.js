// Photos without what they tell beside the image, such as where they were taken.

const QUALITY = 0.92;
const MARKS = ["Exif\0", "http://ns.adobe.com/", "Photoshop 3.0", "ftypmp4", "ftypisom"];

/** Return whether these bytes are a JPEG image that tells more than the image. */
export function tellsMore(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  const text = new TextDecoder("latin1").decode(bytes);
  return MARKS.some((mark) => text.includes(mark));
}

/** Return a photo without what it tells besides the image; rejects if it cannot be read. */
export async function bare(file) {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (head[0] !== 0xff || head[1] !== 0xd8 || !tellsMore(new Uint8Array(await file.arrayBuffer()))) return file;
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
  image.close();
  const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (made?.type !== "image/jpeg") throw new Error("no JPEG");
  return made;
}
