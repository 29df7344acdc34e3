internal import Conditioners
internal import Families
internal import Foundation
internal import MediaIO
internal import PipelineCore
internal import Torch

/// A walk between two pictures through the noise that a model maps them to.
struct Interpolation {
  let model: ClassImageModel
  let inverter: any Inverting

  /// - Parameters:
  ///   - pictures: `uint8 [1, C, H, W]`.
  ///   - labels: the class of each.
  ///   - count: pictures of the walk, both ends included.
  /// - Returns: `[count, C, H, W]`.
  func callAsFunction(_ pictures: (Tensor, Tensor), labels: (Int, Int), count: Int, workers: Int) throws
    -> [Tensor]
  {
    let conditioner = ClassConditioner(classes: model.description.classes)
    func ends(_ picture: Tensor, _ label: Int) throws -> (z: Tensor, global: Tensor) {
      let given = try conditioner([label])
      return (
        try inverter.invert((picture.to(.float32) + 0.5) / 256, given: given).to(.float64), given.global!
      )
    }
    let (first, last) = try ChunkRunner.single {
      (try ends(pictures.0, labels.0), try ends(pictures.1, labels.1))
    }
    return try ChunkRunner(workers: workers).map(count) { index in
      let t = count > 1 ? Double(index) / Double(count - 1) : 0
      let global = try first.global * (1 - t) + last.global * t
      let z = try Self.between(first.z, last.z, t)
      return try inverter.generate(z, given: Conditioning(global: global)).select(0, 0)
    }
  }

  /// Along the arc between two directions, so that what lies between is as long as the ends (Shoemake 1985; White 2016,
  /// "Sampling generative networks", section 2.1).
  private static func between(_ a: Tensor, _ b: Tensor, _ t: Double) throws -> Tensor {
    let lengths = (try a.squared().sum().squareRoot().scalar(), try b.squared().sum().squareRoot().scalar())
    let cosine = try (a * b).sum().scalar() / max(1e-12, lengths.0 * lengths.1)
    let angle = acos(min(1, max(-1, cosine)))
    guard sin(angle) > 1e-6 else { return try a * (1 - t) + b * t }
    return try a * (sin((1 - t) * angle) / sin(angle)) + b * (sin(t * angle) / sin(angle))
  }
}
