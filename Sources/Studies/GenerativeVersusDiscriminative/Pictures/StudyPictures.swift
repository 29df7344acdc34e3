internal import Foundation
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// How test pictures are shown.
enum PictureCondition: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
  case clean
  case noisy
  /// Without the lower half.
  case half = "half missing"
  /// Not of any class.
  case strangers
}

/// The pictures of the study.
struct StudyPictures: Sendable {
  /// Of all of them, to tell results of other pictures apart.
  let digest: String
  /// Training pictures are chosen among these.
  let pool: LabelledImages
  let watched: LabelledImages
  let test: LabelledImages
  /// Strangers to train on, and others to test on; nil where there are none.
  let strangers: (known: LabelledImages, new: LabelledImages)?

  init(_ folder: URL, strangers: URL?, plan: PictureSettings.Plan) throws {
    let all = try LabelledImages(folder: folder, split: .train)
    guard plan.watched >= 2, plan.watched * 2 <= all.count else {
      throw PipelineError.usage("'watched' is \(plan.watched); 2 to half of \(all.count) would be right")
    }
    let parts = try all.holdingOut(plan.watched)
    (pool, watched) = parts
    let rarest =
      all.classes.indices.map { label in
        parts.known.labels.count { $0 == label }
      }.min() ?? 0
    let possible = all.classes.count...max(all.classes.count, all.classes.count * rarest)
    if let size = (plan.sizes + plan.contaminatedSizes).first(where: { !possible.contains($0) }) {
      throw PipelineError.usage(
        "'sizes' of study.yaml has \(size), with each class as often; \(possible.lowerBound) to \(possible.upperBound) pictures would be right"
      )
    }
    test = try LabelledImages(folder: folder, split: .test, classes: all.classes).spread(plan.tested)
    self.strangers = try strangers.map {
      (
        try LabelledImages(folder: $0, split: .train),
        try LabelledImages(folder: $0, split: .test).spread(plan.tested)
      )
    }
    if let strange = self.strangers?.known, strange.pixels.shape.dropFirst() != pool.pixels.shape.dropFirst()
    {
      throw PipelineError.data(
        "the strangers are \(strange.pixels.shape.dropFirst()) [channels, height, width], the pictures "
          + "\(pool.pixels.shape.dropFirst()); the same size would be right")
    }
    let sets = [pool, watched, test] + (self.strangers.map { [$0.known, $0.new] } ?? [])
    digest = Digest.sha256(Data(try sets.map { try $0.digest() }.joined().utf8))
  }

  /// `count` pictures, of each class as many, chosen at random.
  func chosen(_ count: Int, seed: UInt64, round: Int) throws -> LabelledImages {
    let order = LearningCurve.permutation(pool.count, seed: seed, split: round)
    var left = pool.classes.indices.map {
      count / pool.classes.count + ($0 < count % pool.classes.count ? 1 : 0)
    }
    let places = order.filter { place in
      let label = pool.labels[place]
      left[label] -= 1
      return left[label] >= 0
    }
    guard places.count == count else {
      throw PipelineError.data(
        "there are not \(count) training pictures with each class as often; fewer in 'sizes' would be right")
    }
    return try pool.subset(places)
  }

  /// The same pictures, but for a share that is replaced by strangers with labels at random.
  func contaminated(_ pictures: LabelledImages, share: Double, seed: UInt64, round: Int) throws
    -> LabelledImages
  {
    guard let strange = strangers?.known else { return pictures }
    let count = Int((Double(pictures.count) * share).rounded())
    let noise = KeyedNoise(seed: seed, sample: UInt64(round), step: 0, stream: "strangers")
    let places = noise.integers(below: strange.count, count: count)
    let labels = noise.integers(below: pictures.classes.count, count: count, offset: count)
    // What is chosen comes in random order.
    let kept = try pictures.subset(Array(count..<pictures.count))
    return LabelledImages(
      pixels: try Tensor.cat([strange.subset(places).pixels, kept.pixels], axis: 0),
      labels: labels + kept.labels, classes: pictures.classes)
  }

  /// The test pictures as they are shown; nil where there are none.
  /// - Parameter known: those that were trained on, whose mean stands for missing pixels.
  func shown(_ condition: PictureCondition, noise: Double, seed: UInt64, known: LabelledImages) throws
    -> LabelledImages?
  {
    func changed(_ pixels: Tensor) -> LabelledImages {
      LabelledImages(pixels: pixels, labels: test.labels, classes: test.classes)
    }
    switch condition {
    case .clean: return test
    case .noisy:
      let grain = try BatchNoise(seed: seed, first: 0, count: test.count)
        .normal(Array(test.pixels.shape.dropFirst()), stream: "grain")
      return changed(
        try (test.pixels.to(.float32) + grain * noise).rounded().clamped(0, 255).to(.uint8))
    case .half:
      let missing = missingRows
      let mean = try known.pixels.to(.float32).mean([0], keepAxes: true).rounded().to(.uint8)
      let shape = test.pixels.shape
      let filled = try mean.narrow(2, start: missing.lowerBound, length: missing.count)
        .expanded([shape[0], shape[1], missing.count, shape[3]]).contiguous()
      return changed(
        try Tensor.cat([test.pixels.narrow(2, start: 0, length: missing.lowerBound), filled], axis: 2))
    case .strangers: return strangers?.new
    }
  }

  /// The lower half.
  var missingRows: Range<Int> { test.pixels.shape[2] / 2..<test.pixels.shape[2] }
}

extension LabelledImages {
  /// Of pixels, labels and classes.
  func digest() throws -> String {
    var bytes = try pixels.contiguous().withBytes { Data($0) }
    bytes.append(Data((labels.map(String.init) + classes).joined(separator: "\n").utf8))
    return Digest.sha256(bytes)
  }
}
