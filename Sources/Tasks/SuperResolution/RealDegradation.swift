internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import Torch

/// A low-resolution picture as cheap lenses, sensors and web pages make it: blur, antialiased reduction, noise, JPEG
/// (the first-order degradation of Wang et al. 2021, "Real-ESRGAN", equation 1).
///
/// Every strength is drawn anew for each picture from `noise`, so a picture of one key is always degraded alike.
enum RealDegradation {
  /// Low-resolution pixels around a crop that its degradation depends on: the blur, and a block of JPEG's chroma.
  static let margin = 16

  /// Largest deviation of the blur, in low-resolution pixels.
  static let mostBlur = 1.0
  /// Largest deviation of the sensor's noise, in grey levels.
  static let mostNoise = 12.0
  /// JPEG qualities.
  static let qualities = 30...95

  /// - Parameters:
  ///   - high: RGB `[3, s·h, s·w]` over 0…1.
  ///   - noise: the key; its streams are taken.
  /// - Returns: `[3, h, w]` over 0…1, in whole grey levels.
  static func low(_ high: Tensor, scale: Int, noise: KeyedNoise) throws -> Tensor {
    func stream(_ name: String) -> KeyedNoise {
      KeyedNoise(
        seed: noise.seed, sample: noise.sample, step: noise.step, stream: "\(noise.stream) \(name)")
    }
    let draws = stream("strengths").uniform(count: 8).map(Double.init)
    var picture = high
    // A fifth of the pictures is sharp, a fifth without noise, a tenth not compressed.
    if draws[0] > 0.2 {
      let deviations = (draws[1] * mostBlur, draws[2] * mostBlur)
      picture = try blurred(picture, deviations, angle: draws[3] * .pi, scale: scale)
    }
    picture = try Degradation.bicubic(picture, scale: scale)
    if draws[4] > 0.2 {
      let isGrey = draws[4] > 0.6
      let shape = isGrey ? [1] + picture.shape.dropFirst() : picture.shape
      let grain = try Tensor(stream("grain").normal(count: shape.reduce(1, *)), shape: shape)
      picture = try picture + grain * (draws[5] * mostNoise / 255)
    }
    picture = try (picture.clamped(0, 1) * 255).rounded() / 255
    guard draws[6] > 0.1 else { return picture }
    let quality = qualities.lowerBound + Int(draws[7] * Double(qualities.count))
    let file = try Image(picture, bitDepth: 8).jpegData(quality: quality, isSubsampled: draws[6] > 0.4)
    return try Image(jpegData: file).tensor()
  }

  /// By a Gaussian of two deviations (low-resolution pixels) turned by `angle`; the border is repeated.
  private static func blurred(
    _ picture: Tensor, _ deviations: (Double, Double), angle: Double, scale: Int
  ) throws -> Tensor {
    let radius = 3 * scale
    // A very sharp Gaussian is a point.
    let (a, b) = (
      max(deviations.0 * Double(scale), 0.1), max(deviations.1 * Double(scale), 0.1)
    )
    let offsets = (-radius...radius).map(Double.init)
    let values = offsets.flatMap { y in
      offsets.map { x in
        let along = x * cos(angle) + y * sin(angle)
        let across = y * cos(angle) - x * sin(angle)
        return exp(-0.5 * (along * along / (a * a) + across * across / (b * b)))
      }
    }
    let sum = values.reduce(0, +)
    let side = 2 * radius + 1
    let kernel = try Tensor(values.map { Float($0 / sum) }, shape: [1, 1, side, side])
      .repeatInterleave(picture.shape[0], axis: 0)
    return try picture.unsqueezed(0).padded([radius, radius, radius, radius], .replicate)
      .conv2d(kernel, bias: nil, groups: picture.shape[0]).squeezed(0)
  }
}
