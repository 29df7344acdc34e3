internal import Torch

/// Scenes, their pictures and captions, one for each row of a noise.
struct RenderedScenes {
  let scenes: [Scene]
  /// `[N, 3, 32, 32]` over 0…1.
  let x: Tensor
  let captions: [SceneCaptions.Caption]

  /// - Parameters:
  ///   - stream: of the noise; others give other scenes.
  ///   - draw: a scene of a row's noise.
  init(_ noise: BatchNoise, stream: String = "scenes", _ draw: (KeyedNoise) -> Scene) throws {
    let rows = noise.samples.indices.map { noise.row($0, stream: stream) }
    let scenes = rows.map(draw)
    self.scenes = scenes
    captions = zip(scenes, rows).map { SceneCaptions.caption($0, $1) }
    let side = SceneRenderer.side
    x = try Tensor(
      zip(scenes, rows).flatMap { SceneRenderer.render($0, $1) }, shape: [scenes.count, 3, side, side])
  }

  /// Places in the vocabulary, of each caption.
  var words: [[Int]] { captions.map { SceneVocabulary.tokens($0.text).indices } }
}
