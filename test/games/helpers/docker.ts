/** Images have no place in the engine's contract but to be there; tests clean up by themselves. */
import Docker from 'dockerode';

export async function removeImage(image: string): Promise<void> {
  await new Docker()
    .getImage(image)
    .remove({ force: true })
    .catch(() => {});
}

export async function imageId(image: string): Promise<string> {
  return (await new Docker().getImage(image).inspect()).Id;
}
