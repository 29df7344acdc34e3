internal import Conditioners
internal import Families
internal import Foundation
internal import MediaTensors
internal import ModelEvaluation
internal import PipelineCore
internal import Torch

/// log P(x | y) of one picture's grey levels for several y.
struct PictureScore {
  /// Nats, one for each label.
  let logDensities: [Double]
  /// Standard errors in nats, where there are any.
  let errors: [Double?]
  let kind: DensityKind
  /// Network evaluations for one label.
  let evaluations: Int

  /// - Parameter labels: the classes that are asked about.
  init(_ input: ClassImageInput, _ model: ClassImageModel, labels: [Int], workers: Int) throws {
    guard let density = model.density else { throw TensorError("this model has no density") }
    // Draws of noise inside the grey levels that a probability is averaged over; its logarithm is, on average, a little
    // below that of the levels (Burda et al. 2016, "Importance weighted autoencoders", theorem 1).
    let draws = model.parts.countsLevels ? 1 : model.parts.dequantizations
    let shape = [draws, model.description.channels, model.description.height, model.description.width]
    let conditioner = ClassConditioner(classes: model.description.classes)
    let perLevel = Double(input.knownCount) * log(256)
    let each = try ChunkRunner(workers: workers).map(labels.count) { index in
      let noise = BatchNoise(seed: 0, first: 0, count: draws)
      let x = try LabelledImages.dequantized(input.pixels.expanded(shape).contiguous(), noise: noise)
      try Interrupt.check()
      return try density.logDensity(
        x, known: input.known?.expanded(shape).contiguous(),
        given: conditioner([Int](repeating: labels[index], count: draws)), noise: noise)
    }
    var (values, errors): ([Double], [Double?]) = ([], [])
    for one in each {
      let nats = try one.values.elements(Double.self)
      let most = nats.max() ?? 0
      let shares = meanWithError(nats.map { exp($0 - most) })
      values.append(most + log(shares.mean) - perLevel)
      errors.append(
        draws > 1 ? shares.standardError / shares.mean : try one.standardError?.elements(Double.self)[0])
    }
    logDensities = values
    self.errors = errors
    let kind = each.first?.kind ?? .exact
    self.kind = kind == .exact && draws > 1 ? .bound : kind
    evaluations = draws * (each.first?.evaluations ?? 1)
  }

  /// log Σ P(x | y) P(y), and its standard error, when the labels are all classes.
  func total(_ prior: [Double]) -> (nats: Double, standardError: Double?) {
    let joint = zip(logDensities, prior).map { $0 + log($1) }
    let total = joint.logSumExp
    var variance = 0.0
    for (value, error) in zip(joint, errors) {
      guard let error else { return (total, nil) }
      variance += exp(2 * (value - total)) * error * error
    }
    return (total, variance.squareRoot())
  }
}
