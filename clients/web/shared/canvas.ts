/** Draws a picture as it is; whoever draws here last is seen. */
export function draw(canvas: HTMLCanvasElement, picture: CanvasImageSource, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  // Past the page's own frame, where the browser can: a picture is on the screen a frame earlier.
  canvas.getContext("2d", { alpha: false, desynchronized: true })?.drawImage(picture, 0, 0, width, height);
}
