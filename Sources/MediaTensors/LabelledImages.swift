public import Foundation
internal import MediaIO
public import Torch

/// Pictures of one size with a class each.
public struct LabelledImages: Sendable {
  public enum Split: String, Sendable { case train, test }

  /// Grey levels, `uint8 [N, C, H, W]`.
  public let pixels: Tensor
  /// The index of each picture's class.
  public let labels: [Int]
  public let classes: [String]

  public var count: Int { labels.count }

  public init(pixels: Tensor, labels: [Int], classes: [String]) {
    self.pixels = pixels
    self.labels = labels
    self.classes = classes
  }

  /// Reads MNIST's files (`train-images-idx3-ubyte`, `t10k-images-idx3-ubyte` with their labels, gzipped or not), or a
  /// folder of pictures for each class, below `train/` and `test/` or alone; then every tenth picture is for testing.
  /// - Parameter classes: names for the numbers in MNIST's files. Folders are looked up among them by name; without
  ///   them the folders' own names are taken.
  /// - Throws: `MediaError` for broken files, `TensorError` for a folder that holds neither.
  public init(folder: URL, split: Split, classes: [String]? = nil) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
    else {
      throw TensorError(
        "\(folder.path) is no folder; one with MNIST's files, or with a folder a class, is wanted")
    }
    let prefix = split == .train ? "train" : "t10k"
    if let images = Self.file(folder, "\(prefix)-images-idx3-ubyte") {
      guard let labels = Self.file(folder, "\(prefix)-labels-idx1-ubyte") else {
        throw TensorError("\(folder.path) has \(images.lastPathComponent) but no \(prefix)-labels-idx1-ubyte")
      }
      try self.init(images: images, labels: labels, classes: classes)
    } else {
      try self.init(classFolders: folder, split: split, classes: classes)
    }
  }

  private static func file(_ folder: URL, _ name: String) -> URL? {
    [name, name + ".gz"].map { folder.appendingPathComponent($0) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }

  private init(images: URL, labels: URL, classes: [String]?) throws {
    let pixels = try IDXArray(contentsOf: images)
    let numbers = try IDXArray(contentsOf: labels)
    guard pixels.shape.count == 3, pixels.shape.allSatisfy({ $0 > 0 }) else {
      throw TensorError("\(images.path) holds \(pixels.shape); pictures [count, height, width] are wanted")
    }
    guard numbers.shape == [pixels.shape[0]] else {
      throw TensorError(
        "\(labels.path) holds \(numbers.shape) labels for \(pixels.shape[0]) pictures; as many are wanted")
    }
    let most = Int(numbers.values.max() ?? 0)
    let names = classes ?? (0...most).map { "\($0)" }
    guard most < names.count else {
      throw TensorError("\(labels.path) has the label \(most), and there are \(names.count) classes")
    }
    let shape = [pixels.shape[0], 1, pixels.shape[1], pixels.shape[2]]
    self.init(
      pixels: try Tensor(pixels.values, shape: shape), labels: numbers.values.map(Int.init), classes: names)
  }

  private init(classFolders folder: URL, split: Split, classes: [String]?) throws {
    let split = split.rawValue
    let own = folder.appendingPathComponent(split)
    let isSplit = FileManager.default.fileExists(atPath: own.path)
    let root = isSplit ? own : folder
    let names = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted().filter { name in
      var isFolder: ObjCBool = false
      let path = root.appendingPathComponent(name).path
      return !name.hasPrefix(".") && FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && isFolder.boolValue
    }
    guard names.count > 1 else {
      throw TensorError(
        "\(folder.path) has neither MNIST's files nor two folders with pictures of a class each")
    }
    let known = classes ?? names
    var files: [(file: URL, label: Int)] = []
    for name in names {
      guard let label = known.firstIndex(of: name) else {
        throw TensorError(
          "\(root.path) has pictures of '\(name)', which is none of the classes \(known.joined(separator: ", "))"
        )
      }
      let inside = root.appendingPathComponent(name)
      let pictures = try FileManager.default.contentsOfDirectory(atPath: inside.path).sorted()
        .filter { ["png", "jpg", "jpeg"].contains(($0 as NSString).pathExtension.lowercased()) }
      for (index, picture) in pictures.enumerated()
      where isSplit || (index % 10 == 9) == (split == "test") {
        files.append((inside.appendingPathComponent(picture), label))
      }
    }
    guard let first = files.first else { throw TensorError("\(root.path) has no pictures (PNG or JPEG)") }
    let size = try Image(contentsOf: first.file)
    guard !size.channels.hasAlpha else {
      throw TensorError("\(first.file.path) has transparency; grey or RGB pictures are wanted")
    }
    let all = files
    let parts = try ChunkRunner().map(all.count) { index -> Tensor in
      let image = try Image(contentsOf: all[index].file)
      guard image.width == size.width, image.height == size.height, image.channels == size.channels,
        case .uint8(let values) = image.samples
      else {
        throw TensorError(
          "\(all[index].file.path) is not \(size.width)×\(size.height) \(size.channels) of 8 bits, as the others are"
        )
      }
      return try Tensor(values, shape: [image.height, image.width, image.channels.count]).permuted([2, 0, 1])
    }
    self.init(pixels: try Tensor.stack(parts).contiguous(), labels: files.map(\.label), classes: known)
  }

  /// Some of them, in the order of `indices`.
  public func subset(_ indices: [Int]) throws -> LabelledImages {
    let places = try Tensor(indices.map(Int64.init), shape: [indices.count])
    return LabelledImages(
      pixels: try pixels.indexSelect(0, places), labels: indices.map { labels[$0] }, classes: classes)
  }

  /// Those to learn from, and about `count` others, evenly spread.
  /// - Precondition: `count` is 1 or more, and there are as many.
  public func holdingOut(_ count: Int) throws -> (known: LabelledImages, heldOut: LabelledImages) {
    let stride = self.count / count
    let isHeldOut = { (index: Int) in index % stride == stride - 1 }
    return (
      try subset((0..<self.count).filter { !isHeldOut($0) }),
      try subset((0..<self.count).filter(isHeldOut))
    )
  }

  /// `count` of them (all, if there are fewer), evenly spread: they may lie in the order of their classes.
  public func spread(_ count: Int) throws -> LabelledImages {
    guard count < self.count else { return self }
    return try subset((0..<count).map { $0 * self.count / count })
  }

  /// Grey levels with uniform noise inside each level: v becomes (v + u) / 256, so that a density over numbers bounds
  /// the probability of levels (Theis et al. 2016, "A note on the evaluation of generative models", section 3.1).
  public static func dequantized(_ pixels: Tensor, noise: BatchNoise) throws -> Tensor {
    let shape = pixels.shape
    let inside = try noise.uniform(Array(shape.dropFirst()), stream: "dequantization")
    return try (pixels.to(.float32) + inside) / 256
  }
}
